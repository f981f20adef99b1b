// Shows how far a phase has come: a bar on a terminal, a few plain lines where there is none (a file, a pipe, CI).
//
// Goes to standard error, so that the report on standard output can be piped. Phases count single rows, so a bar
// is redrawn only when it would look different.
import type { WriteStream } from 'node:tty';
import { progress as clackProgress } from '@clack/prompts';
import type { PhasePlan, PhaseResult } from './phases/phase.ts';

export interface Progress {
  start(plan: PhasePlan): Bar;
}

export interface Bar {
  advance(count: number): void;
  finish(result: PhaseResult): void;
  fail(): void;
}

/** The fitting one for a stream. */
export function progressFor(stream: WriteStream): Progress {
  return stream.isTTY ? new TerminalProgress(stream) : new PlainProgress((line) => stream.write(`${line}\n`));
}

const plainSteps = 4;
const terminalSteps = 100;
const interruptedExitCode = 130;

/** A line at the start, at each quarter and at the end. */
export class PlainProgress implements Progress {
  readonly #write: (line: string) => void;

  constructor(write: (line: string) => void) {
    this.#write = write;
  }

  start({ name, total, unit }: PhasePlan): Bar {
    const write = this.#write;
    write(`${name}: ${grouped(total)} ${unit}`);
    const advance = inSteps(total, plainSteps, (done) => {
      if (done < total) write(`${name}: ${Math.floor((done / total) * 100)} %`);
    });
    return {
      advance,
      finish: (result) => write(`${name}: ${outcomeOf(result, unit)}`),
      fail: () => write(`${name}: failed`),
    };
  }
}

/** A moving bar. */
export class TerminalProgress implements Progress {
  readonly #output: WriteStream;

  constructor(output: WriteStream) {
    this.#output = output;
  }

  start({ name, total, unit }: PhasePlan): Bar {
    const bar = clackProgress({
      max: total,
      style: 'block',
      withGuide: false,
      output: this.#output,
      onCancel: () => process.exit(interruptedExitCode),
    });
    // While a bar is shown the terminal hands over Ctrl-C as a key, which the library answers with exit code 0.
    const tellInterrupted = (code: number) => {
      if (code === 0) process.exitCode = interruptedExitCode;
    };
    process.on('exit', tellInterrupted);
    bar.start(`${name}: ${grouped(total)} ${unit}`);
    let shown = 0;
    const advance = inSteps(total, terminalSteps, (done) => {
      bar.advance(done - shown, `${name}: ${grouped(done)} of ${grouped(total)} ${unit}`);
      shown = done;
    });
    const end = () => process.off('exit', tellInterrupted);
    return {
      advance,
      finish: (result) => {
        bar.stop(`${name}: ${outcomeOf(result, unit)}`);
        end();
      },
      fail: () => {
        bar.error(`${name}: failed`);
        end();
      },
    };
  }
}

/** Calls `show` with what is done so far each time another step of the whole has been reached. */
function inSteps(total: number, steps: number, show: (done: number) => void): (count: number) => void {
  let done = 0;
  let step = 0;
  return (count) => {
    done += count;
    const reached = Math.floor((done / total) * steps);
    if (reached <= step) return;
    step = reached;
    show(done);
  };
}

function outcomeOf({ operations, seconds }: PhaseResult, unit: string): string {
  return `${grouped(operations)} ${unit} in ${seconds.toFixed(2)} s`;
}

function grouped(count: number): string {
  return count.toLocaleString('en-US');
}
