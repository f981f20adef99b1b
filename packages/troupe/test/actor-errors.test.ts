/** What a method throws, as its caller on another thread gets it. */
import { createRequire } from 'node:module';
import { expect, test } from 'vitest';
import { rejection, start } from './running-grid.ts';

const modules = [new URL('./fixtures/requests.mjs', import.meta.url)];
const { SeerError, seer } = createRequire(import.meta.url)(
  './fixtures/requests.mjs',
) as typeof import('./fixtures/requests.mjs');

test('an error of an actor crosses threads in one message and its answer: class, code, cause, both stacks', async () => {
  const grid = await start(1, { modules });
  async function checkout(): Promise<void> {
    await grid.actor(seer, 'a').fail('far away');
  }
  const error = (await rejection(checkout())) as InstanceType<typeof SeerError>;
  expect(error).toBeInstanceOf(SeerError);
  expect(error).toMatchObject({ name: 'Error', message: 'far away', code: 'SEER_FAILED' });
  expect(error.cause).toBeInstanceOf(TypeError);
  expect(error.cause).toMatchObject({ message: 'why' });
  expect((error.cause as Error).stack).toMatch(/at \S*fail \(.*requests\.mjs/);
  expect(error.stack).toMatch(
    /at \S*fail \(.*requests\.mjs[\s\S]*thread boundary[\s\S]*at (async )?checkout/,
  );
  const messages = (await grid.metrics()).map(({ actors }) => actors.messages);
  expect(messages).toEqual([0, 1]);
});

test('an error that crosses several threads keeps its class and its first stack', async () => {
  const grid = await start(2, { modules });
  const keys = Array.from({ length: 6 }, (_, i) => `key ${i}`);
  const error = await rejection(grid.actor(seer, 'a').failAt(keys));
  expect(error).toBeInstanceOf(SeerError);
  expect((error as Error).stack?.match(/at \S*fail \(/g)).toHaveLength(1);
});
