/**
 * The lock manager's rules once more, as plainly as they can be said: one list of stakes, searched in full for every
 * question, no masks, no queues, no order but the strategy's. Slow and obviously right; the lock manager is compared
 * with it step by step.
 */
import {
  compatible,
  covers,
  intentOf,
  type KeyLockMode,
  type LockMode,
  type LockStrategy,
  lockModeName,
  raised,
} from '@troupe/transactions';

export interface ReferenceOwner {
  readonly id: number;
  readonly age: number;
  /** What it answers when it is wounded. */
  standing: 'answered' | 'unanswered' | 'committing';
}

/** Keys from one number up to before another. */
export interface ReferenceRange {
  readonly from: number | undefined;
  readonly to: number | undefined;
}

/** A key, a range of keys, or (undefined) the whole table. */
export type Resource = number | ReferenceRange | undefined;

interface Stake {
  readonly owner: ReferenceOwner;
  readonly table: number;
  readonly key: Resource;
  held: LockMode | 0;
  wanted: LockMode | 0;
}

interface PendingKey {
  readonly owner: ReferenceOwner;
  readonly table: number;
  readonly key: number | ReferenceRange;
  readonly mode: KeyLockMode;
}

export class ReferenceLocks {
  readonly #strategy: LockStrategy;
  #stakes: Stake[] = [];
  #pending: PendingKey[] = [];
  readonly #ended = new Set<ReferenceOwner>();
  #events: string[] = [];

  constructor(strategy: LockStrategy) {
    this.#strategy = strategy;
  }

  lock(owner: ReferenceOwner, table: number, key: Resource, mode: LockMode): string[] {
    return this.#step(owner, () => {
      if (this.#ended.has(owner)) return;
      const intent = key === undefined ? mode : intentOf(mode as KeyLockMode);
      const stake = this.#stake(owner, table, undefined);
      if (key !== undefined && !covers(stake.held, intent)) {
        this.#pending.push({ owner, table, key, mode: mode as KeyLockMode });
      }
      const direct = key !== undefined && covers(stake.held, intent);
      if (!direct) this.#ask(stake, intent);
      else if (!covers(stake.held, mode)) this.#ask(this.#stake(owner, table, key), mode);
    });
  }

  release(owner: ReferenceOwner): string[] {
    return this.#step(owner, () => this.#drop(owner));
  }

  isWaiting(owner: ReferenceOwner): boolean {
    return (
      this.#pending.some((pending) => pending.owner === owner) ||
      this.#stakes.some((stake) => stake.owner === owner && stake.wanted !== 0)
    );
  }

  isEnded(owner: ReferenceOwner): boolean {
    return this.#ended.has(owner);
  }

  rows(): string[] {
    const rows = this.#pending.map(({ table, key, mode, owner }) =>
      rowText(table, key, mode, 'waiting', owner.id),
    );
    for (const { table, key, held, wanted, owner } of this.#stakes) {
      if (held !== 0) rows.push(rowText(table, key, held, 'held', owner.id));
      if (wanted !== 0) rows.push(rowText(table, key, wanted, 'waiting', owner.id));
    }
    return rows.sort();
  }

  #step(owner: ReferenceOwner, work: () => void): string[] {
    this.#events = [];
    const waitedBefore = this.#owners().filter((other) => other !== owner && this.isWaiting(other));
    work();
    this.#settle();
    for (const other of waitedBefore) {
      if (!this.#ended.has(other) && !this.isWaiting(other)) this.#events.push(`${other.id} granted`);
    }
    return this.#events.sort();
  }

  #settle(): void {
    this.#grantAll();
    const isReady = ({ owner, table }: PendingKey): boolean =>
      this.#stake(owner, table, undefined).wanted === 0;
    for (;;) {
      const [oldest] = this.#pending
        .filter(isReady)
        .map((pending) => pending.owner)
        .sort((a, b) => a.age - b.age || a.id - b.id);
      if (oldest === undefined) return;
      const ready = this.#pending.filter((pending) => pending.owner === oldest && isReady(pending));
      this.#pending = this.#pending.filter((pending) => !ready.includes(pending));
      for (const { table, key, mode } of ready) {
        if (this.#ended.has(oldest)) break;
        if (covers(this.#stake(oldest, table, undefined).held, mode)) continue;
        this.#ask(this.#stake(oldest, table, key), mode);
      }
      this.#grantAll();
    }
  }

  #ask(stake: Stake, mode: LockMode): void {
    if (covers(stake.held, mode) || covers(stake.wanted, mode)) return;
    const asked = raised(stake.wanted === 0 ? stake.held : stake.wanted, mode);
    const inTheWay = this.#others(stake).filter(
      (other) => conflict(other.held, asked) || conflict(other.wanted, asked),
    );
    if (stake.wanted === 0 && inTheWay.length === 0) {
      stake.held = asked;
      return;
    }
    stake.wanted = asked;
    if (inTheWay.some((other) => this.#strategy.decide(stake.owner, other.owner) === 'die')) {
      this.#events.push(`${stake.owner.id} died`);
      this.#end(stake.owner);
      return;
    }
    const asking = new Set<ReferenceOwner>();
    for (const other of inTheWay) {
      if (!conflict(other.held, stake.wanted) || asking.has(other.owner)) continue;
      asking.add(other.owner);
      if (this.#strategy.decide(stake.owner, other.owner) === 'wound') this.#wound(other.owner, stake.owner);
    }
  }

  #wound(victim: ReferenceOwner, by: ReferenceOwner): void {
    this.#events.push(`${victim.id} wounded by ${by.id}`);
    if (victim.standing === 'answered') this.#end(victim);
    if (victim.standing === 'unanswered') this.#giveBack(victim);
  }

  #giveBack(victim: ReferenceOwner): void {
    const mine = this.#stakes.filter((stake) => stake.owner === victim);
    const lost = mine.filter(
      (stake) =>
        stake.held !== 0 &&
        this.#others(stake).some(
          (other) => conflict(other.wanted, stake.held) && this.#isAhead(other.owner, victim),
        ),
    );
    for (const stake of lost) {
      if (stake.held !== 0) stake.wanted = raised(stake.wanted, stake.held);
      stake.held = 0;
    }
    const withoutIntent = (stake: Stake): boolean =>
      stake.owner === victim &&
      stake.key !== undefined &&
      lost.some((other) => other.key === undefined && other.table === stake.table);
    // In the order in which the lock manager asks for them again: how often one owner is wounded depends on it.
    const latestFirst = this.#stakes.filter(withoutIntent).reverse();
    const keysFirst = [...latestFirst].sort((a, b) => Number(isRange(a.key)) - Number(isRange(b.key)));
    for (const { table, key, held, wanted } of keysFirst) {
      const mode = (wanted === 0 ? held : wanted) as KeyLockMode;
      if (key !== undefined) this.#pending.push({ owner: victim, table, key, mode });
    }
    this.#stakes = this.#stakes.filter((stake) => !withoutIntent(stake));
  }

  #grantAll(): void {
    const ready = this.#stakes.find(
      (stake) =>
        stake.wanted !== 0 &&
        this.#others(stake).every(
          (other) =>
            !conflict(other.held, stake.wanted) &&
            !(conflict(other.wanted, stake.wanted) && this.#isAhead(other.owner, stake.owner)),
        ),
    );
    if (ready === undefined) return;
    ready.held = ready.wanted;
    ready.wanted = 0;
    this.#grantAll();
  }

  #isAhead(a: ReferenceOwner, b: ReferenceOwner): boolean {
    return this.#strategy.decide(b, a) === 'wait';
  }

  #end(owner: ReferenceOwner): void {
    this.#ended.add(owner);
    this.#drop(owner);
  }

  #drop(owner: ReferenceOwner): void {
    this.#stakes = this.#stakes.filter((stake) => stake.owner !== owner);
    this.#pending = this.#pending.filter((pending) => pending.owner !== owner);
  }

  #owners(): ReferenceOwner[] {
    return [...new Set([...this.#stakes, ...this.#pending].map(({ owner }) => owner))];
  }

  /** The stakes that this one may meet: at its resource, or a range and a key in it, of different owners. */
  #others(stake: Stake): Stake[] {
    return this.#stakes.filter(
      (other) =>
        other !== stake &&
        other.table === stake.table &&
        (isSame(other.key, stake.key) ||
          (other.owner !== stake.owner && (isIn(other.key, stake.key) || isIn(stake.key, other.key)))),
    );
  }

  #stake(owner: ReferenceOwner, table: number, key: Resource): Stake {
    let stake = this.#stakes.find(
      (candidate) => candidate.owner === owner && candidate.table === table && isSame(candidate.key, key),
    );
    if (stake === undefined) {
      stake = { owner, table, key, held: 0, wanted: 0 };
      this.#stakes.push(stake);
    }
    return stake;
  }
}

function isRange(resource: Resource): boolean {
  return typeof resource === 'object';
}

/** Whether a resource is a key in a range. */
function isIn(key: Resource, range: Resource): boolean {
  if (typeof key !== 'number' || typeof range !== 'object') return false;
  return key >= (range.from ?? -Infinity) && key < (range.to ?? Infinity);
}

function isSame(a: Resource, b: Resource): boolean {
  if (typeof a !== 'object' || typeof b !== 'object') return a === b;
  return a.from === b.from && a.to === b.to;
}

export function resourceText(key: unknown): string {
  if (typeof key !== 'object' || key === null) return String(key);
  const { from, to } = key as ReferenceRange;
  return `${from ?? ''}..${to ?? ''}`;
}

export function rowText(table: number, key: unknown, mode: LockMode, state: string, owner: number): string {
  return `${table}/${resourceText(key)} ${lockModeName(mode)} ${state} by ${owner}`;
}

function conflict(a: LockMode | 0, b: LockMode | 0): boolean {
  return a !== 0 && b !== 0 && !compatible(a, b);
}
