// Runs the locking protocol under simulation, seed after seed on every core, and says how to run a failing one again.
//
//   npm run simulate -- --seeds 200000 [--from 0] [--mode memory|one-log|both] [--threads N] [--failures 5]
//   npm run simulate -- --fault NAME        with a fault planted; it must fail
//   npm run simulate -- --faults            seeds until each planted fault is found, from three starts
//
// Stops after so many failing seeds (--failures), with exit code 1. Expects a finished build.
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { plantedFaults } from '@troupe/testkit/simulation';
import { progressFor } from './progress.mjs';
import { add } from './simulate-seeds.mjs';

const seedsPerPiece = 20;

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '1000' },
    from: { type: 'string', default: '0' },
    mode: { type: 'string', default: 'both' },
    threads: { type: 'string', default: String(availableParallelism()) },
    failures: { type: 'string', default: '5' },
    fault: { type: 'string' },
    faults: { type: 'boolean', default: false },
  },
});
const seeds = wholeNumber('seeds', 1);
const from = wholeNumber('from', 0);
const threads = wholeNumber('threads', 1);
const failuresMax = wholeNumber('failures', 1);

if (values.faults) await measureFaults();
else await sweep(values.fault === undefined ? undefined : mustFindFault(values.fault));

async function sweep(fault) {
  const modes = fault === undefined ? modesOf(values.mode) : [fault.mode];
  const total = seeds * modes.length;
  const counters = {};
  const failures = [];
  const startedMs = performance.now();
  let done = 0;
  const summary = () => {
    const seconds = (performance.now() - startedMs) / 1000;
    const rate = (done / seconds).toFixed(0);
    return `${done} of ${total} runs (${modes.join(', ')}), ${failures.length} failed, ${seconds.toFixed(0)} s, ${rate} per second`;
  };
  const report = () => {
    for (const failure of failures.sort((left, right) => left.seed - right.seed)) tell(failure, fault);
    console.log(summary(), counters);
  };
  const progress = progressFor(process.stderr, total, report);
  process.once('SIGINT', () => {
    report();
    process.exit(130);
  });
  await spread(piecesOf(modes, fault), (result) => {
    done += result.count;
    add(counters, result.counters);
    failures.push(...result.failures);
    progress.show(done, summary());
    return failures.length < failuresMax;
  });
  progress.end(failures.length === 0 ? 'nothing found' : `${failures.length} seeds failed`);
  report();
  process.exitCode = failures.length === 0 ? 0 : 1;
}

/** Seed by seed in both modes, so that a sweep that is ended early has done as much of each. */
function* piecesOf(modes, fault) {
  for (let seed = from; seed < from + seeds; seed += seedsPerPiece) {
    const count = Math.min(seedsPerPiece, from + seeds - seed);
    for (const mode of modes) yield { kind: 'seeds', mode, from: seed, count, fault: fault?.name };
  }
}

function tell({ seed, mode, traceHash, problems }, fault) {
  console.log(`\nseed ${seed} failed in mode ${mode} (trace ${traceHash}):`);
  for (const problem of problems.slice(0, 3)) console.log(`  ${problem}`);
  const how = fault === undefined ? `--mode ${mode}` : `--fault ${fault.name}`;
  console.log(`again: npm run simulate -- --seeds 1 --from ${seed} ${how}`);
}

/** The table of docs/correctness.md. */
async function measureFaults() {
  const rows = new Map();
  const pieces = plantedFaults.map(({ name }) => ({ kind: 'fault', name }));
  const progress = progressFor(process.stderr, pieces.length, () => undefined);
  await spread(pieces[Symbol.iterator](), ({ name, mode, found }) => {
    const counts = found.map(({ count }) => count);
    const median = [...counts].sort((left, right) => left - right)[1];
    const by = [...new Set(found.map((one) => one.by))].join(', ');
    rows.set(name, `| ${name} | ${mode} | ${counts.join(', ')} | ${median} | ${by} |`);
    progress.show(rows.size, `${rows.size} of ${pieces.length} faults`);
    return true;
  });
  progress.end('measured');
  for (const { name } of plantedFaults) console.log(rows.get(name));
}

/** Gives pieces of work to threads until there are none left or `take` has had enough. */
async function spread(pieces, take) {
  let goesOn = true;
  await Promise.all(
    Array.from({ length: threads }, () => {
      const thread = new Worker(new URL('./simulate-seeds.mjs', import.meta.url));
      const next = () => {
        const piece = goesOn ? pieces.next() : { done: true };
        if (piece.done) void thread.terminate();
        else thread.postMessage(piece.value);
      };
      thread.on('message', (result) => {
        goesOn = take(result) && goesOn;
        next();
      });
      next();
      return new Promise((resolve, reject) => {
        thread.once('error', reject);
        thread.once('exit', resolve);
      });
    }),
  );
}

function modesOf(mode) {
  if (mode === 'both') return ['memory', 'one-log'];
  if (mode === 'memory' || mode === 'one-log') return [mode];
  return refuse(`--mode must be memory, one-log or both, not "${mode}".`);
}

function wholeNumber(name, min) {
  const value = Number(values[name]);
  if (Number.isSafeInteger(value) && value >= min) return value;
  return refuse(`--${name} must be a whole number from ${min} on, not "${values[name]}".`);
}

function mustFindFault(name) {
  const fault = plantedFaults.find((planted) => planted.name === name);
  const names = plantedFaults.map((planted) => `  ${planted.name}`).join('\n');
  return fault ?? refuse(`There is no planted fault "${name}". There are:\n${names}`);
}

function refuse(message) {
  console.error(message);
  return process.exit(2);
}
