/** The user's input is at fault: told in one line, without a stack, and the process ends with code 2. */
export class InputError extends Error {
  override readonly name = 'InputError';
}
