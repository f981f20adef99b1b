#!/usr/bin/env bash
# Runs every example in its short form: the `ci` script of its package.json. Expects a finished build.
set -euo pipefail
cd "$(dirname "$0")/.."

for manifest in examples/*/package.json; do
  folder=$(dirname "$manifest")
  if node -e 'process.exit(JSON.parse(require("fs").readFileSync(process.argv[1])).scripts?.ci ? 0 : 1)' "$manifest"; then
    echo "== $folder"
    (cd "$folder" && npm run ci)
  fi
done
