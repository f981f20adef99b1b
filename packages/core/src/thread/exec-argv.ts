/**
 * The flags of Node for host threads. Threads inherit those of the process, which is right but for one case: a program
 * given on the command line as a module (`node --input-type=module -e …`). That flag breaks every thread that loads a
 * file; and flags named explicitly are checked more strictly than inherited ones, so then only those that a thread
 * takes are kept.
 */

const breaksThreads = /^--input-type(=|$)/;
const keptInThreads =
  /^(--import|--require|-r|--loader|--experimental-loader|--conditions|-C|--enable-source-maps|--no-warnings|--disable-warning|--experimental-[a-z-]+|--no-experimental-[a-z-]+|--trace-[a-z-]+|--unhandled-rejections|--preserve-symlinks|--no-deprecation|--pending-deprecation)(=|$)/;
const takesValue =
  /^(--import|--require|-r|--loader|--experimental-loader|--conditions|-C|--disable-warning)$/;

/** The `execArgv` for a thread, undefined to inherit the flags of the process as they are. */
export function threadExecArgv(execArgv: readonly string[]): string[] | undefined {
  if (!execArgv.some((flag) => breaksThreads.test(flag))) return undefined;
  const kept: string[] = [];
  for (let i = 0; i < execArgv.length; i++) {
    const flag = execArgv[i] as string;
    if (!keptInThreads.test(flag)) continue;
    kept.push(flag);
    const value = execArgv[i + 1];
    if (takesValue.test(flag) && value !== undefined) {
      kept.push(value);
      i++;
    }
  }
  return kept;
}
