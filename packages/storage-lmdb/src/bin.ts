#!/usr/bin/env node
import { runStorageCommand } from './admin/storage-command.ts';

process.exitCode = await runStorageCommand(process.argv.slice(2), {
  out: (text) => process.stdout.write(text),
  error: (text) => process.stderr.write(text),
});
