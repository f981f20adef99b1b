import { describe, expect, test } from 'vitest';
import { ActorOp, isOwnedCall } from '../../dist/actor/messages.js';

function call(op: number, args: readonly unknown[], ...more: unknown[]): unknown[] {
  return [op, 0, 3, 1, 0, 'key', 2, args, ...more];
}

describe('a call between members of one thread', () => {
  test.each([
    ['a tell without arguments', call(ActorOp.tell, [])],
    ['an ask with primitives', call(ActorOp.ask, [1, 'two', null, undefined, 4n, true])],
  ])('needs no copy: %s', (_what, message) => {
    expect(isOwnedCall(message)).toBe(true);
  });

  test.each([
    ['an object among the arguments', call(ActorOp.tell, [1, { two: 2 }])],
    ['a path and a context, which others have too', call(ActorOp.ask, [1], [7, 1], { user: 'ann' })],
    ['arguments that are kept until the transaction ends', call(ActorOp.askIn, [1])],
    ['a message of another layer', [16, 7, 3, 1, 0, 'user:1', 2, [1]]],
  ])('needs one: %s', (_what, message) => {
    expect(isOwnedCall(message)).toBe(false);
  });
});
