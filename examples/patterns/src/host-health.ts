// Pattern: host information and health by broadcast. Every host tells of its thread, and each run of a broadcast is an
// execution of its own, so one host that doesn't answer keeps nobody from hearing the others. What can be known without
// asking the host, `grid.hosts()` tells.
import assert from 'node:assert/strict';
import { startGrid, TroupeError } from 'troupe';
import { loadCatalogue } from './catalogue/load-catalogue.ts';
import { health, hog } from './definitions/host-health.ts';

await using grid = await startGrid({
  modules: [
    new URL('./definitions/catalogue.js', import.meta.url),
    new URL('./definitions/host-health.js', import.meta.url),
  ],
  threads: 2,
});
const catalogue = await loadCatalogue(grid);

async function report(title: string, timeoutMs?: number) {
  console.log(title);
  const rows = grid.hosts();
  // `results` would reject with the first failure; here each run is asked what became of it.
  const { executions } = grid.compute.broadcast(health, undefined, { over: 'hosts', timeoutMs });
  // A call to a host that is down waits for its next thread. Who wants to know how it is now doesn't.
  rows.forEach(({ state }, host) => {
    if (state !== 'serving') executions[host]?.cancel(new Error(state));
  });
  const answers = await Promise.allSettled(executions.map(({ result }) => result));
  return answers.map((answer, host) => {
    const where = `  host ${host}, ${rows[host]?.partitions.length} partitions`;
    if (answer.status === 'fulfilled') {
      const { threadId, heapMiB, tracks } = answer.value;
      console.log(`${where}: thread ${threadId}, heap ${heapMiB} MiB, ${tracks} tracks`);
      return { threadId, tracks };
    }
    const reason = answer.reason as Error;
    const down = reason instanceof TroupeError ? reason.code : reason.message;
    console.log(`${where}: DOWN, ${down}`);
    return { down };
  });
}

const [first, second] = await report('All is well');
assert.equal((first?.tracks ?? 0) + (second?.tracks ?? 0), catalogue.tracks.length);

const hogging = grid.compute.submit(hog, undefined, { at: { host: 1 } });
assert.deepEqual(await report('A job keeps host 1 busy', 1_000), [first, { down: 'TIMEOUT' }]);
// Even a loop that never gives way sees `ctx.cancelled`.
hogging.cancel();
await hogging.result;
assert.deepEqual(await report('The job is canceled'), [first, second]);

const restored = new Promise((resolve) => grid.on('partitionsRestored', resolve));
await grid.terminateHost(1);
assert.deepEqual(await report('Host 1 is killed'), [first, { down: 'restarting' }]);
await restored;
const [, successor] = await report('It has a new thread, which begins empty');
assert.equal(successor?.tracks, 0);
assert.notEqual(successor.threadId, second?.threadId);
