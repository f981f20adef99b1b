/**
 * Shows how far a run has come: a bar on a terminal, a line for each scenario where there is none (a file, a pipe, CI).
 * Goes to standard error, so that the results on standard output can be piped. On a terminal both are the same screen,
 * so the bar makes room while results are printed.
 */
import type { WriteStream } from 'node:tty';
import { progress as clackProgress } from '@clack/prompts';

export interface Progress {
  /** `steps` of work begin, named so. */
  begin(title: string, steps: number): void;
  /** One step begins. */
  step(what: string): void;
  end(): void;
}

/** The fitting one for a stream. `interrupted` is called when the user presses Ctrl-C while a bar is shown. */
export function progressFor(stream: WriteStream, interrupted: () => void): Progress {
  return stream.isTTY
    ? terminalProgress(stream, interrupted)
    : plainProgress((line) => stream.write(`${line}\n`));
}

export function plainProgress(write: (line: string) => void): Progress {
  return {
    begin: (title, steps) => write(`${title}: ${steps} ${steps === 1 ? 'measurement' : 'measurements'}`),
    step: () => undefined,
    end: () => undefined,
  };
}

function terminalProgress(output: WriteStream, interrupted: () => void): Progress {
  let bar: ReturnType<typeof clackProgress> | undefined;
  let title = '';
  return {
    begin(next, steps) {
      title = next;
      bar = clackProgress({
        max: Math.max(1, steps),
        style: 'block',
        withGuide: false,
        output,
        onCancel: interrupted,
      });
      bar.start(title);
      // The bar reads keys, and ends the process as if all were well at Ctrl-C; so it comes as a signal.
      if (process.stdin.isTTY) process.stdin.setRawMode(false);
    },
    step: (what) => bar?.advance(1, `${title}: ${what}`),
    end() {
      bar?.stop(title);
      bar = undefined;
    },
  };
}
