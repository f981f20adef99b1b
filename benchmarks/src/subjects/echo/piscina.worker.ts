/** The task of the pools that import a file of exported functions. */
export function echo(payload: unknown): unknown {
  return payload;
}
