/** Finds out before the work whether its results can be written down. */
import { access, constants, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { InputError } from './command-line.ts';

/** `option` is the one that names the file. Throws InputError where it can't be written. */
export async function mustBeWritable(path: string, option: string): Promise<void> {
  const file = await stat(path).catch(() => undefined);
  if (file?.isDirectory() === true) throw new InputError(`${option} can't write "${path}": it is a folder`);
  try {
    await access(file === undefined ? dirname(resolve(path)) : path, constants.W_OK);
  } catch {
    const why = file === undefined ? "its folder isn't there or can't be written to" : 'no write access';
    throw new InputError(`${option} can't write "${path}": ${why}`);
  }
}
