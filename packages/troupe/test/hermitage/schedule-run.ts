/**
 * Runs one schedule, step by step, on a running grid. Nothing sleeps: a step that must end is awaited; of one that must
 * wait it is shown that a snapshot asked for later, over the same links, was answered first. After each step such a
 * snapshot is begun, read and held; it must show the committed state of that moment, and at the end show it again.
 */
import { type ExplicitTransaction, type Grid, type Key, type Table, TroupeError } from 'troupe';
import { expect } from 'vitest';
import { collect, store } from '../running-grid.ts';

/** The keys that a schedule calls 1 to 4. */
export type Keys = readonly [string, string, string, string];

type Numbers = Table<Key, number>;

const { counters } = store;
/** Below the runner's own bound, so that a step that hangs is named. */
const boundMs = 20_000;
const initial = '1=10 2=20';

/** How a step went; `undefined` while it hasn't ended. */
type Ending = { readonly result: string } | { readonly error: unknown };

interface Running {
  readonly name: string;
  readonly transaction: ExplicitTransaction;
  /** The step under way. */
  step: { readonly line: string; readonly ended: Promise<Ending>; ending: Ending | undefined } | undefined;
}

interface Observer {
  readonly line: string;
  readonly state: string;
  readonly transaction: ExplicitTransaction;
}

export class ScheduleRun {
  readonly #grid: Grid;
  readonly #keys: Keys;
  readonly #running = new Map<string, Running>();
  readonly #observers: Observer[] = [];
  #state = initial;

  constructor(grid: Grid, keys: Keys) {
    this.#grid = grid;
    this.#keys = keys;
  }

  /** Runs the script with transactions of these ages, the oldest first. */
  async run(script: string, oldestFirst: readonly string[]): Promise<void> {
    const table = this.#grid.table(counters);
    await table.clear();
    await table.setMany([
      [this.#keys[0], 10],
      [this.#keys[1], 20],
    ]);
    for (const name of oldestFirst) {
      const transaction = await this.#grid.begin({ timeoutMs: boundMs, label: name });
      this.#running.set(name, { name, transaction, step: undefined });
    }
    try {
      const lines = script.split('\n').map((line) => line.trim());
      for (const line of lines.filter((each) => each !== '')) {
        await this.#step(line);
        await this.#observe(line);
      }
      await this.#checkEnd();
    } finally {
      for (const { transaction } of [...this.#running.values(), ...this.#observers])
        await transaction.rollback();
    }
  }

  async #step(line: string): Promise<void> {
    const [what = '', ...effects] = line.split('|').map((part) => part.trim());
    const [call = '', expected] = what.split('->').map((part) => part.trim());
    const [name = '', ...words] = call.split(' ');
    const running = this.#mustFind(name);
    expect(running.step, `${line}: ${name} still waits for its last step`).toBeUndefined();
    const ended = this.#do(running, words).then(
      (result): Ending => ({ result }),
      (error: unknown): Ending => ({ error }),
    );
    const step: Running['step'] = { line, ended, ending: undefined };
    running.step = step;
    void ended.then((ending) => {
      step.ending = ending;
    });
    if (expected !== 'waits') await this.#ends(running, line, expected);
    for (const effect of effects) await this.#effect(line, effect);
  }

  /** The step under way ends, with this result. */
  async #ends(running: Running, line: string, expected: string | undefined): Promise<void> {
    const ending = await running.step?.ended;
    running.step = undefined;
    if (expected === 'refused') expectCode(line, ending, 'TRANSACTION_FINISHED');
    else {
      expect(ending, line).toHaveProperty('result');
      if (expected !== undefined) expect(ending, line).toEqual({ result: expected });
    }
  }

  async #effect(line: string, effect: string): Promise<void> {
    const [first = '', second = ''] = effect.split(' ');
    if (first === 'now') this.#state = effect.slice('now '.length);
    else if (first === 'wounds') await this.#isWounded(this.#mustFind(second), line);
    else await this.#ends(this.#mustFind(first), line, effect.split('->')[1]?.trim());
  }

  async #isWounded(victim: Running, line: string): Promise<void> {
    if (victim.step !== undefined) {
      expectCode(line, await victim.step.ended, 'TRANSACTION_ABORTED');
      victim.step = undefined;
    }
    const probe = await victim.transaction
      .table(counters)
      .get(this.#keys[0])
      .then(
        (): Ending => ({ result: 'an answer' }),
        (error: unknown): Ending => ({ error }),
      );
    expectCode(line, probe, 'TRANSACTION_FINISHED');
  }

  /** Whoever begins now sees the committed state, at once; whoever waits has not gone on. */
  async #observe(line: string): Promise<void> {
    const transaction = await this.#grid.begin({ readOnly: true, timeoutMs: boundMs });
    this.#observers.push({ line, state: this.#state, transaction });
    expect(await this.#seenBy(transaction), `seen after ${line}`).toBe(this.#state);
    await new Promise((resolve) => setImmediate(resolve));
    for (const { name, step } of this.#running.values())
      if (step !== undefined)
        expect(step.ending, `after ${line}, ${name} must wait with ${step.line}`).toBeUndefined();
  }

  async #checkEnd(): Promise<void> {
    for (const { name, step } of this.#running.values())
      expect(step, `${name} never went on`).toBeUndefined();
    for (const { line, state, transaction } of this.#observers)
      expect(await this.#seenBy(transaction), `still seen by who began after ${line}`).toBe(state);
    for (const { transaction } of this.#running.values()) await transaction.rollback();
    const locked = await this.#grid.transaction((tx) => this.#all(tx.table(counters)), {
      keys: 'all',
      timeoutMs: boundMs,
    });
    expect(locked).toBe(this.#state);
  }

  async #seenBy(transaction: ExplicitTransaction): Promise<string> {
    const table = transaction.table(counters);
    const values = await table.getMany(this.#keys.slice());
    const all = await this.#all(table);
    expect(this.#show(this.#keys.map((key, i) => [key, values[i]] as const))).toBe(all);
    return all;
  }

  #do({ transaction }: Running, [op = '', ...args]: readonly string[]): Promise<string> {
    if (op === 'commit') return transaction.commit().then(() => '');
    if (op === 'rollback') return transaction.rollback().then(() => '');
    const table: Numbers = transaction.table(counters);
    const [argument = '', , last = ''] = args;
    const [key, value] = this.#assignment(argument);
    switch (op) {
      case 'r':
        return table.get(key).then((found) => String(found ?? '-'));
      case 'w':
        return table.replace(key, value).then((found) => (found ? '' : 'absent'));
      case 'blind':
        return table.set(key, value).then(() => '');
      case 'insert':
        return table.insert(key, value).then((inserted) => (inserted ? '' : 'present'));
      case 'all':
        return this.#all(table);
      case 'find':
        return this.#matching(table, argument).then((found) => this.#show(found));
      case 'add':
        return this.#forEach(table, '%1', (each, old) => table.replace(each, old + Number(argument)));
      case 'change':
        return this.#forEach(table, argument, (each) => table.replace(each, Number(last)));
      case 'delete':
        return this.#forEach(table, argument, (each) => table.delete(each));
      default:
        throw new Error(`no such step: ${op}`);
    }
  }

  async #forEach(
    table: Numbers,
    predicate: string,
    write: (key: Key, value: number) => Promise<boolean>,
  ): Promise<string> {
    const found = await this.#matching(table, predicate);
    for (const [key, value] of found) await write(key, value);
    return found.map(([key]) => this.#nameOf(key)).join(' ');
  }

  async #matching(table: Numbers, predicate: string): Promise<[Key, number][]> {
    const operand = Number(predicate.slice(1));
    const entries = await collect(table.entries());
    return entries
      .filter(([, value]) => (predicate.startsWith('%') ? value % operand === 0 : value === operand))
      .sort(([a], [b]) => this.#nameOf(a) - this.#nameOf(b));
  }

  async #all(table: Numbers): Promise<string> {
    return this.#show(await collect(table.entries()));
  }

  #show(entries: readonly (readonly [Key, number | undefined])[]): string {
    const shown = entries
      .filter(([, value]) => value !== undefined)
      .map(([key, value]) => `${this.#nameOf(key)}=${value}`);
    return shown.sort().join(' ') || 'nothing';
  }

  #nameOf(key: Key): number {
    return this.#keys.indexOf(String(key)) + 1;
  }

  /** `1=11`, or `1`. */
  #assignment(text: string): [key: string, value: number] {
    const [name, value] = text.split('=');
    return [this.#keys[Number(name) - 1] ?? '', Number(value)];
  }

  #mustFind(name: string): Running {
    const running = this.#running.get(name);
    if (running === undefined) throw new Error(`no transaction ${name}`);
    return running;
  }
}

/** Ended because it was wounded: the step under way is aborted, every later one refused for that reason. */
function expectCode(line: string, ending: Ending | undefined, code: string): void {
  const error = ending !== undefined && 'error' in ending ? ending.error : ending;
  expect(error, line).toBeInstanceOf(TroupeError);
  expect(error, line).toMatchObject({ code, details: { reason: 'wounded' } });
}
