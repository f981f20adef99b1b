/**
 * What a transaction waits for that is about to be aborted because its time is over: the coordinator knows only which
 * partitions have not answered, so it asks them before it lets go of its place in line there. The deadline may be late
 * by the round trip; an answer that takes long is not waited for.
 */
import { blockerAskedMsMax, type CoreMember, type Peer } from '@troupe/core';
import type { Attempt } from '../attempt/attempt.ts';
import { type Conflict, conflictIn } from '../protocol/conflict.ts';
import { ViewOp } from '../protocol/messages.ts';

/**
 * Calls `then` when a partition has said what the attempt waits for, and leaves that with the attempt; or when none has
 * anything to say, or it takes too long. At once when the attempt waits for nobody.
 */
export function askWhatBlocks(core: CoreMember, attempt: Attempt | undefined, then: () => void): void {
  const owners = attempt?.isWaiting === true ? ownersOf(core, attempt) : [];
  if (attempt === undefined || owners.length === 0) then();
  else {
    void anyOf(owners.map((owner) => ask(core, attempt, owner))).then((conflict) => {
      attempt.blockedBy = conflict;
      then();
    });
  }
}

function ownersOf({ member, placement }: CoreMember, { coordinator }: Attempt): Peer[] {
  const owners = new Set<Peer>();
  for (const { partition } of coordinator.touched) {
    const peer = member.tryPeer(placement.ownerOf(partition));
    if (peer !== undefined) owners.add(peer);
  }
  return [...owners];
}

async function ask({ member }: CoreMember, { id }: Attempt, owner: Peer): Promise<Conflict | undefined> {
  const question = [ViewOp.blockedBy, 0, id];
  const answer = await member.requestProtocol(owner, question, { timeoutMs: blockerAskedMsMax });
  return answer === undefined ? undefined : conflictIn(answer as readonly unknown[], 0);
}

/** The first that is there; undefined when all have been waited for in vain. */
function anyOf<T>(promises: readonly Promise<T | undefined>[]): Promise<T | undefined> {
  return new Promise((resolve) => {
    const found = promises.map((promise) =>
      promise.then(
        (value) => value !== undefined && resolve(value),
        () => undefined,
      ),
    );
    void Promise.all(found).then(() => resolve(undefined));
  });
}
