// Removes everything the build wrote. Needed after a source file was deleted: `tsc -b` leaves its output.
import { readdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const built = ['packages', 'examples'].flatMap((folder) =>
  readdirSync(join(root, folder)).map((child) => join(folder, child, 'dist')),
);
for (const path of [...built, 'benchmarks/dist', '.tsc', 'coverage']) {
  rmSync(join(root, path), { recursive: true, force: true });
}
