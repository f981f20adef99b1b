/** What a caller learns of its call from the cell and the word, at every step of the owner at which it may ask. */
import {
  CallCell,
  cellsOf,
  noTicket,
  ProcedureCells,
  type Settled,
  StatusWords,
  statusMemoryBytes,
  type Ticket,
} from '@troupe/transactions';
import { describe, expect, test } from 'vitest';

const slots = 4;
const slot = 2;

/** A caller's member and an owner's, each with its memory. */
class Stage {
  readonly memory = new SharedArrayBuffer(statusMemoryBytes(slots));
  readonly cells = new ProcedureCells(this.memory);
  readonly words = new StatusWords(new SharedArrayBuffer(statusMemoryBytes(slots)));

  cell(ticket: Ticket): CallCell {
    return new CallCell(cellsOf(this.memory), ticket);
  }

  settle(ticket: Ticket): Settled {
    return this.cells.settle(ticket, this.words);
  }
}

type Step = (stage: Stage, cell: CallCell) => unknown;

const begins: Step[] = [(stage) => stage.words.begin(slot, 10), (_, cell) => cell.begins(slot)];
const commits: Step[] = [
  (stage) => stage.words.tryCommit(slot, 10, 20),
  (_, cell) => cell.ends(slot, 'committed'),
  (stage) => stage.words.begin(slot, 30),
];
const isWounded: Step[] = [
  (stage) => stage.words.tryAbort(slot, 10),
  (_, cell) => cell.ends(slot, 'aborted'),
  (stage) => stage.words.begin(slot, 30),
];

const isLostWithTheStorage: Step[] = [
  (stage) => stage.words.tryCommitting(slot, 10),
  (_, cell) => cell.ends(slot, 'unknown'),
  (stage) => stage.words.begin(slot, 30),
];

describe('the cell of a call', () => {
  test.each<[string, Step[], Settled]>([
    ['the owner has not received it', [], 'not-done'],
    ['an attempt has its word but did not begin', begins.slice(0, 1), 'not-done'],
    ['an attempt is under way', begins, 'not-done'],
    ['its word is committed', [...begins, ...commits.slice(0, 1)], 'committed'],
    ['its end is noted', [...begins, ...commits.slice(0, 2)], 'committed'],
    ['its slot is lent again', [...begins, ...commits], 'committed'],
    ['its commit is under way', [...begins, ...isLostWithTheStorage.slice(0, 1)], 'undecided'],
    ['the storage failed with its commit', [...begins, ...isLostWithTheStorage.slice(0, 2)], 'unknown'],
    ['the same, and its slot is lent again', [...begins, ...isLostWithTheStorage], 'unknown'],
    ['it was wounded', [...begins, ...isWounded.slice(0, 1)], 'not-done'],
    ['it was wounded, which is noted', [...begins, ...isWounded.slice(0, 2)], 'not-done'],
    ['it was wounded, and its slot is lent again', [...begins, ...isWounded], 'not-done'],
    [
      'a second attempt committed in the same slot',
      [
        ...begins,
        ...isWounded,
        (_, cell) => cell.begins(slot),
        (stage) => stage.words.tryCommit(slot, 30, 40),
      ],
      'committed',
    ],
    [
      'the coordinator is at COMMITTING',
      [...begins, (stage) => stage.words.tryCommitting(slot, 10)],
      'undecided',
    ],
  ])('tells when %s', (_, steps, settled) => {
    const stage = new Stage();
    const ticket = stage.cells.take();
    for (const step of steps) step(stage, stage.cell(ticket));
    expect(stage.settle(ticket)).toBe(settled);
    // And for good.
    expect(stage.settle(ticket)).toBe(settled);
  });

  test('ends the attempt under way, so that "not done" stays true', () => {
    const stage = new Stage();
    const ticket = stage.cells.take();
    const cell = stage.cell(ticket);
    for (const step of begins) step(stage, cell);
    expect(stage.settle(ticket)).toBe('not-done');
    expect(stage.words.tryCommit(slot, 10, 20)).toBe(false);
    cell.ends(slot, 'aborted');
    expect(cell.begins(slot)).toBe(false);
    expect(stage.settle(ticket)).toBe('not-done');
  });

  test('lets no attempt begin once it was asked', () => {
    const stage = new Stage();
    const ticket = stage.cells.take();
    expect(stage.settle(ticket)).toBe('not-done');
    expect(stage.cell(ticket).begins(slot)).toBe(false);
  });

  test('leaves alone whoever has the slot after the attempt', () => {
    const stage = new Stage();
    const ticket = stage.cells.take();
    for (const step of [...begins, ...isWounded]) step(stage, stage.cell(ticket));
    stage.settle(ticket);
    expect(stage.words.fate(slot, 30)).toBe('active');
  });

  test('tells of a commit that was decided while the caller asked', () => {
    const stage = new Stage();
    const ticket = stage.cells.take();
    const cell = stage.cell(ticket);
    for (const step of begins) step(stage, cell);
    stage.words.tryCommitting(slot, 10);
    expect(stage.settle(ticket)).toBe('undecided');
    stage.words.commit(slot, 10, 20);
    cell.ends(slot, 'committed');
    stage.words.begin(slot, 30);
    expect(stage.settle(ticket)).toBe('committed');
    expect(stage.words.fate(slot, 30)).toBe('active');
  });

  test('is out of reach of an owner who comes late, and of a caller who asks late, once it is used again', () => {
    const stage = new Stage();
    const first = stage.cells.take();
    const late = stage.cell(first);
    for (const step of begins) step(stage, late);
    stage.cells.release(first);
    const others = Array.from({ length: 2 * slots - 1 }, () => stage.cells.take());
    const second = stage.cells.take();
    expect([others.includes(noTicket), stage.cells.take()]).toEqual([false, noTicket]);
    late.ends(slot, 'committed');
    expect(late.begins(slot)).toBe(false);
    expect(stage.settle(first)).toBe('not-done');
    expect(stage.cell(second).begins(slot)).toBe(true);
  });

  test('is lent to as many calls as there are cells, and again when they are over', () => {
    const { cells } = new Stage();
    const tickets = Array.from({ length: 2 * slots }, () => cells.take());
    expect([new Set(tickets).size, cells.take(), cells.used]).toEqual([2 * slots, noTicket, 2 * slots]);
    cells.release(noTicket);
    cells.release(tickets[3] as Ticket);
    expect([cells.used, cells.take() === tickets[3], cells.used]).toEqual([2 * slots - 1, false, 2 * slots]);
  });
});
