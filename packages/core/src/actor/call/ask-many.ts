/** An ask to many actors: one message for each owner, and what became of each ask, in the order of the keys. */
import { addCallSite } from '../../errors/call-site.ts';
import { errorFromWire } from '../../errors/error-codec.ts';
import { fanOutKeysMax } from '../../limits.ts';
import type { JoinedCalls } from '../../mesh/joined-calls.ts';
import type { MemberId } from '../../mesh/shared-state.ts';
import type { FanOutcome } from '../mail/fan-out.ts';
import type { Letter } from '../mail/letter.ts';
import { ActorOp } from '../messages.ts';
import { ActorAddress, type ActorCall, contextPosition } from './actor-address.ts';
import type { Send } from './actor-client.ts';
import { pathOf, requestFrom } from './ask.ts';
import type { CallPath } from './call-path.ts';
import type { CurrentTurnSource } from './current-turn.ts';
import { depart } from './departure.ts';

/** The actors of one owner, and where each stands among the keys. */
interface Share {
  readonly owner: MemberId;
  readonly keys: unknown[];
  readonly positions: number[];
}

/** The function that calls a method of many actors. `ask` calls one; in a transaction each is called by itself. */
export function askManyThrough(ask: Send, joins: () => JoinedCalls | undefined, turns: CurrentTurnSource) {
  return async (
    to: readonly ActorAddress[],
    method: number,
    args: readonly unknown[],
  ): Promise<PromiseSettledResult<unknown>[]> => {
    const [first] = to;
    if (first === undefined) return [];
    if (joins() !== undefined) return Promise.allSettled(to.map((address) => ask(address, method, args)));
    const call = ActorAddress.call(first, ActorOp.askMany, method, args);
    const turn = turns.current();
    const path = turn === undefined ? undefined : pathOf(turn, call.member);
    const span = depart(first, call, 'ask');
    const { bytes } = call;
    const results: PromiseSettledResult<unknown>[] = [];
    results.length = to.length;
    const shares = sharesOf(to).map((share) => askShare(call, share, bytes, turn, path, results));
    await Promise.all(shares);
    span?.end();
    return results;
  };
}

/** One message for each owner, and more where there are many actors. */
function sharesOf(to: readonly ActorAddress[]): Share[] {
  const all: Share[] = [];
  const open = new Map<MemberId, Share>();
  to.forEach((address, position) => {
    const { owner, partition, incarnation, key } = ActorAddress.placeOf(address);
    let share = open.get(owner);
    if (share === undefined || share.positions.length >= fanOutKeysMax) {
      share = { owner, keys: [], positions: [] };
      open.set(owner, share);
      all.push(share);
    }
    share.keys.push(partition, incarnation, key);
    share.positions.push(position);
  });
  return all;
}

async function askShare(
  { member, message: template, options }: ActorCall,
  { owner, keys, positions }: Share,
  argsBytes: number,
  turn: Letter | undefined,
  path: CallPath | undefined,
  results: PromiseSettledResult<unknown>[],
): Promise<void> {
  const [op, , , , actor, , method, args] = template;
  const message = [op, 0, 0, 0, actor, keys, method, args];
  const context = template[contextPosition];
  if (path !== undefined || context !== undefined) message.push(path);
  if (context !== undefined) message.push(context);
  const bytes = argsBytes + keyBytes * positions.length;
  try {
    const request = requestFrom(turn, member, owner, message, bytes, options);
    const outcomes = (await request) as readonly FanOutcome[];
    positions.forEach((position, i) => {
      const [ok, value] = outcomes[i] as FanOutcome;
      results[position] =
        ok === 1
          ? { status: 'fulfilled', value }
          : { status: 'rejected', reason: errorFromWire(value as unknown[], member.errors) };
    });
  } catch (reason) {
    addCallSite(reason);
    for (const position of positions) results[position] = { status: 'rejected', reason };
  }
}

/** About what a key and its place take. */
const keyBytes = 48;
