/**
 * Runs a lock scenario: a text in which each command stands at the margin and what came of it, indented, below. The
 * runner does the commands one after another, checks the lock manager's invariants after each, and returns the
 * text with what really came of them. Comments and blank lines stay as they are.
 *
 *    strategy wait-die                wound-wait when not said; before the first owner
 *    owner ann age 1                  answered: wounded, it aborts. Ids rise in the order of these lines
 *    owner bob age 2 unanswered       wounded, it gives its locks back; `committing`: it is protected
 *    bob is committing                from now on
 *    ann lock users/1 X               a key of a table;  `ann lock users S`: the table
 *    ann lock users/3..7 S            the keys from '3' up to before '7';  `users/3..`, `users/..7`: without an end
 *    ann release
 *    when bob granted: bob release    done by the lock manager's callback; also `when bob wounded: …`
 *    free users/1 X                   whether a passer-by needs no lock
 *    list                             all rows
 */
import type { KeyRange } from '@troupe/core';
import {
  type KeyLockMode,
  LockManager,
  LockMode,
  LockOwner,
  type LockStrategy,
  lockModeName,
  noWait,
  type WoundOutcome,
  waitDie,
  woundWait,
} from '@troupe/transactions';

type Standing = 'answered' | 'unanswered' | 'committing';

const outcomes: Record<Standing, WoundOutcome> = {
  answered: 'aborted',
  unanswered: 'given-back',
  committing: 'protected',
};

class Actor extends LockOwner {
  readonly name: string;
  standing: Standing;
  readonly plans = new Map<string, string>();

  constructor(name: string, id: number, age: number, standing: Standing) {
    super(id, age);
    this.name = name;
    this.standing = standing;
  }
}

export function runScenario(text: string): string {
  const scenario = new Scenario();
  const output: string[] = [];
  for (const line of text.trimEnd().split('\n')) {
    if (line.startsWith('  ')) continue;
    output.push(line);
    if (line === '' || line.startsWith('#')) continue;
    output.push(...scenario.run(line).map((event) => `  ${event}`));
  }
  return `${output.join('\n')}\n`;
}

class Scenario {
  readonly #actors = new Map<string, Actor>();
  readonly #tables: string[] = [];
  #events: string[] = [];
  #manager = this.#managerFor(woundWait);

  run(command: string): string[] {
    this.#events = [];
    this.#do(command);
    this.#manager.checkInvariants();
    return this.#events;
  }

  #do(command: string): void {
    const words = command.split(/\s+/);
    const [first = '', second = '', third = '', fourth = ''] = words;
    const plan = /^when (\w+) (\w+): (.+)$/.exec(command);
    if (plan !== null) this.#actor(plan[1]).plans.set(plan[2] ?? '', plan[3] ?? '');
    else if (first === 'strategy') this.#manager = this.#managerFor(strategyNamed(second));
    else if (first === 'owner') this.#addOwner(second, Number(fourth), words[4] ?? 'answered');
    else if (first === 'free') this.#events.push(this.#isFree(second, modeNamed(third)) ? 'yes' : 'no');
    else if (first === 'list') this.#list();
    else if (second === 'is') this.#actor(first).standing = standingNamed(third);
    else if (second === 'release') this.#manager.release(this.#actor(first));
    else if (second === 'lock') this.#lock(this.#actor(first), third, modeNamed(fourth));
    else throw new Error(`unknown command: ${command}`);
  }

  #managerFor(strategy: LockStrategy): LockManager<Actor> {
    return new LockManager<Actor>(strategy, {
      wound: (holder, by) => {
        this.#happened(holder, 'wounded', ` by ${by.name}: ${outcomes[holder.standing]}`);
        return outcomes[holder.standing];
      },
      granted: (owner) => this.#happened(owner, 'granted', ''),
      died: (owner) => this.#happened(owner, 'died', ''),
    });
  }

  #happened(actor: Actor, what: string, more: string): void {
    this.#events.push(`${actor.name} ${what}${more}`);
    const plan = actor.plans.get(what);
    actor.plans.delete(what);
    if (plan === undefined) return;
    this.#events.push(`> ${plan}`);
    this.#do(plan);
  }

  #addOwner(name: string, age: number, standing: string): void {
    this.#actors.set(name, new Actor(name, this.#actors.size + 1, age, standingNamed(standing)));
  }

  #lock(actor: Actor, resource: string, mode: LockMode): void {
    const { table, key, range } = this.#resource(resource);
    let held: boolean;
    if (range !== undefined) held = this.#manager.lockRange(actor, table, range);
    else if (key === undefined) held = this.#manager.lockTable(actor, table, mode);
    else held = this.#manager.lockKey(actor, table, key, keyMode(mode));
    const waits = actor.waits > 0 ? 'waits' : 'has nothing';
    const missed = actor.ended ? 'ended' : waits;
    this.#events.push(`${actor.name} ${held ? 'holds' : missed}`);
  }

  #isFree(resource: string, mode: LockMode): boolean {
    const { table, key } = this.#resource(resource);
    if (key === undefined) return this.#manager.isTableFree(table, mode);
    return this.#manager.isFree(table, key, keyMode(mode));
  }

  #list(): void {
    if (this.#manager.idle) this.#events.push('nothing');
    for (const { table, key, range, mode, state, owner } of this.#manager.list()) {
      const name = range === undefined ? key : `${String(range.from ?? '')}..${String(range.to ?? '')}`;
      const resource = `${this.#tables[table]}${name === undefined ? '' : `/${String(name)}`}`;
      this.#events.push(`${resource} ${lockModeName(mode)} ${state} by ${owner.name}`);
    }
  }

  #resource(text: string): { table: number; key: string | undefined; range: KeyRange | undefined } {
    const [name = '', key] = text.split('/');
    if (!this.#tables.includes(name)) this.#tables.push(name);
    const [, from, to] = /^(\w*)\.\.(\w*)$/.exec(key ?? '') ?? [];
    const isRange = from !== undefined;
    const range = isRange ? { from: from || undefined, to: to || undefined } : undefined;
    return { table: this.#tables.indexOf(name), key: isRange ? undefined : key, range };
  }

  #actor(name = ''): Actor {
    const actor = this.#actors.get(name);
    if (actor === undefined) throw new Error(`unknown owner: ${name}`);
    return actor;
  }
}

function strategyNamed(name: string): LockStrategy {
  const strategy = [woundWait, waitDie, noWait].find((candidate) => candidate.name === name);
  if (strategy === undefined) throw new Error(`unknown strategy: ${name}`);
  return strategy;
}

function modeNamed(name: string): LockMode {
  const mode = Object.values(LockMode).find((candidate) => lockModeName(candidate) === name);
  if (mode === undefined) throw new Error(`unknown mode: ${name}`);
  return mode;
}

function keyMode(mode: LockMode): KeyLockMode {
  if (mode === LockMode.S || mode === LockMode.X) return mode;
  throw new Error(`a key is never locked in ${lockModeName(mode)}`);
}

function standingNamed(name: string): Standing {
  if (name === 'answered' || name === 'unanswered' || name === 'committing') return name;
  throw new Error(`unknown standing: ${name}`);
}
