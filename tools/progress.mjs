// Shows how far a long run has come: a bar on a terminal, a line now and then where there is none. Goes to standard
// error, so that what was found can be piped.
import { progress as clackProgress } from '@clack/prompts';

const linesMax = 20;
const interruptedExitCode = 130;

/** The fitting one for a stream; `interrupted`, if given, is called for Ctrl-C before the process ends. */
export function progressFor(stream, total, interrupted) {
  return stream.isTTY ? terminalBar(stream, total, interrupted) : plainLines(stream, total);
}

function plainLines(stream, total) {
  let shown = 0;
  return {
    show(done, text) {
      const step = Math.floor((done / total) * linesMax);
      if (step === shown || done === total) return;
      shown = step;
      stream.write(`${text}\n`);
    },
    end: (text) => stream.write(`${text}\n`),
  };
}

function terminalBar(stream, total, interrupted) {
  const onCancel = () => {
    interrupted?.();
    process.exit(interruptedExitCode);
  };
  const bar = clackProgress({ max: total, style: 'block', withGuide: false, output: stream, onCancel });
  bar.start('starting');
  // The bar reads keys, and ends the process as if all were well at Ctrl-C; so it comes as a signal.
  if (process.stdin.isTTY) process.stdin.setRawMode(false);
  let shown = 0;
  return {
    show(done, text) {
      bar.advance(done - shown, text);
      shown = done;
    },
    end: (text) => bar.stop(text),
  };
}
