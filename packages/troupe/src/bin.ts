#!/usr/bin/env node
// `troupe inspect-storage PATH` and its like: the commands of storage packages, where those are installed.
const commands: Readonly<Record<string, string>> = {
  'inspect-storage': 'inspect',
  'repair-storage': 'repair',
  'repartition-storage': 'repartition',
};

const [name = '', ...args] = process.argv.slice(2);
const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
process.exitCode = command === undefined ? refuse() : await run(command);

function refuse(): number {
  process.stderr.write(`Usage: troupe ${Object.keys(commands).join(' | ')}\n`);
  return 2;
}

async function run(known: string): Promise<number> {
  const storage = await import('@troupe/storage-lmdb').catch((error: unknown) => {
    if ((error as { code?: unknown }).code !== 'ERR_MODULE_NOT_FOUND') throw error;
    return undefined;
  });
  if (storage === undefined) {
    process.stderr.write(
      'The package @troupe/storage-lmdb is not installed: npm install @troupe/storage-lmdb\n',
    );
    return 1;
  }
  return storage.runStorageCommand([known, ...args], {
    out: (text) => process.stdout.write(text),
    error: (text) => process.stderr.write(text),
  });
}
