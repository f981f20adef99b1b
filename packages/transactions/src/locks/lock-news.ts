/** What owners are told at the end of the outermost call of the lock manager, the oldest first. */
import { OldestFirst } from './lock-order.ts';
import type { LockOwner } from './lock-table.ts';

/** Who is told. */
export interface LockListener {
  granted(owner: LockOwner): void;
  died(owner: LockOwner): void;
}

export class LockNews {
  readonly #owners = new OldestFirst<LockOwner>();

  /** An owner whose own call runs learns from the call's answer that it has its locks. */
  tell(owner: LockOwner, news: 'granted' | 'died'): void {
    if (news === 'granted' && owner.asking > 0) return;
    if (owner.news === 'none') this.#owners.add(owner);
    owner.news = news;
  }

  deliver(listener: LockListener): void {
    for (let owner = this.#owners.takeOldest(); owner !== undefined; owner = this.#owners.takeOldest()) {
      const { news } = owner;
      owner.news = 'none';
      if (news === 'died') listener.died(owner);
      // It may have been put back into line since: then it is told later.
      else if (news === 'granted' && owner.waits === 0) listener.granted(owner);
    }
  }
}
