/**
 * A walk that gives way: after each slice of time the event loop goes round once before the next item. For walks that
 * are longer than a thread may be kept from everybody else.
 */

import type { Clock } from '../clock.ts';

/** How long a walk goes on before it gives way. Longer is faster and holds up the thread's other work for longer. */
const sliceMs = 1;
/** Items between two looks at the clock. */
const itemsPerLook = 16;

export async function* sliced<T>(items: Iterable<T>, clock: Clock): AsyncGenerator<T, void, undefined> {
  let startedMs = clock.now();
  let left = itemsPerLook;
  for (const item of items) {
    yield item;
    if (--left > 0) continue;
    left = itemsPerLook;
    if (clock.now() - startedMs < sliceMs) continue;
    await new Promise<void>((resolve) => clock.nextTurn(resolve));
    startedMs = clock.now();
  }
}
