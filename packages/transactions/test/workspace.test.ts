import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
// Internal to the package: users see it through transactions only.
import { Workspace } from '../dist/protocol/workspace.js';

const users = 1;
const orders = 2;
const partitions = 4;

describe('a workspace', () => {
  test('has one cell for each key of each table, few or many', () => {
    const workspace = new Workspace();
    const cells = Array.from({ length: 40 }, (_, key) => workspace.cell(users, key, key % partitions));
    expect(new Set(cells).size).toBe(40);
    for (const [key, cell] of cells.entries()) {
      expect(workspace.cell(users, key, key % partitions)).toBe(cell);
      expect(workspace.tryCell(orders, key)).toBeUndefined();
    }
    expect(workspace.tryCell(users, '1')).toBeUndefined();
    expect(workspace.cells(users)).toEqual(cells);
    expect(workspace.cells(orders)).toEqual([]);
  });

  test('shows its own value before the committed one, a removal included', () => {
    const workspace = new Workspace();
    const cell = workspace.cell(users, 'a', 0);
    cell.committed = 1;
    expect(Workspace.current(cell)).toBe(1);
    workspace.write(cell, null);
    expect(Workspace.current(cell)).toBeNull();
    workspace.write(cell, undefined);
    expect(Workspace.current(cell)).toBeUndefined();
  });

  test('undoes what was written since a savepoint, and no more', () => {
    const workspace = new Workspace();
    const [a, b] = [workspace.cell(users, 'a', 0), workspace.cell(users, 'b', 1)];
    workspace.write(a, 1);
    const outer = workspace.savepoint();
    workspace.write(a, 2);
    workspace.write(b, 2);
    const inner = workspace.savepoint();
    workspace.write(a, 3);
    workspace.rollbackTo(inner);
    expect([a.own, b.own]).toEqual([2, 2]);
    workspace.rollbackTo(outer);
    expect([a.own, a.written, b.written]).toEqual([1, true, false]);
    expect(workspace.writes(partitions)).toEqual(new Map([[0, { writes: [users, 'a', 1], cleared: [] }]]));
  });

  test('that cleared a table removes every key of it, touched or not, and sends that to every partition', () => {
    const workspace = new Workspace();
    workspace.write(workspace.cell(users, 'a', 0), 1);
    workspace.write(workspace.cell(orders, 'o', 1), 1);
    workspace.clear(users);
    expect(workspace.isCleared(users)).toBe(true);
    expect(Workspace.current(workspace.cell(users, 'untouched', 2))).toBeUndefined();
    expect(workspace.cell(users, 'untouched', 2).written).toBe(true);
    workspace.write(workspace.cell(users, 'new', 3), 5);
    workspace.clear(users);
    workspace.write(workspace.cell(users, 'newer', 3), 6);
    const writes = workspace.writes(partitions);
    expect([...writes.keys()].sort((a, b) => a - b)).toEqual([0, 1, 2, 3]);
    for (const { cleared } of writes.values()) expect(cleared).toEqual([users]);
    expect(writes.get(1)?.writes).toEqual([orders, 'o', 1]);
    expect(writes.get(3)?.writes).toEqual([users, 'new', undefined, users, 'newer', 6]);
  });

  test('forgets a clear that is rolled back, and keeps one that came before', () => {
    const workspace = new Workspace();
    const a = workspace.cell(users, 'a', 0);
    a.committed = 1;
    const before = workspace.savepoint();
    workspace.clear(users);
    const later = workspace.cell(users, 'later', 1);
    workspace.rollbackTo(before);
    expect([workspace.isCleared(users), Workspace.current(a), later.written]).toEqual([false, 1, false]);
    expect(workspace.writes(partitions).size).toBe(0);
    workspace.clear(users);
    const after = workspace.savepoint();
    workspace.clear(users);
    workspace.rollbackTo(after);
    expect(workspace.isCleared(users)).toBe(true);
  });

  test('is locked when the lock of every write is held', () => {
    const workspace = new Workspace();
    const [a, b] = [workspace.cell(users, 'a', 0), workspace.cell(users, 'b', 1)];
    expect(workspace.isLocked).toBe(true);
    a.lock = 'write';
    workspace.write(a, 1);
    expect(workspace.isLocked).toBe(true);
    b.lock = 'read';
    const savepoint = workspace.savepoint();
    workspace.write(b, 1);
    expect(workspace.isLocked).toBe(false);
    workspace.rollbackTo(savepoint);
    expect(workspace.isLocked).toBe(true);
  });

  test('keeps a key of a cleared table removed, also when it was first touched in what is rolled back', () => {
    const workspace = new Workspace();
    workspace.clear(users);
    const savepoint = workspace.savepoint();
    workspace.write(workspace.cell(users, 'a', 1), 5);
    workspace.rollbackTo(savepoint);
    expect(workspace.cell(users, 'a', 1)).toMatchObject({ written: true, own: undefined });
  });

  test('behaves like a copy of a Map at every savepoint', () => {
    const step = fc.oneof(
      fc.record({
        kind: fc.constant('write' as const),
        key: fc.nat(12),
        value: fc.option(fc.nat(5), { nil: undefined }),
      }),
      fc.record({ kind: fc.constantFrom('clear' as const, 'save' as const, 'undo' as const) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const workspace = new Workspace();
        const committed = new Map([
          [1, 'committed'],
          [2, 'committed'],
        ]);
        let model = new Map<number, unknown>(committed);
        const saved: { savepoint: ReturnType<Workspace['savepoint']>; model: Map<number, unknown> }[] = [];
        for (const each of steps) {
          if (each.kind === 'write') {
            workspace.write(cellOf(each.key), each.value);
            if (each.value === undefined) model.delete(each.key);
            else model.set(each.key, each.value);
          } else if (each.kind === 'clear') {
            workspace.clear(users);
            model.clear();
          } else if (each.kind === 'save')
            saved.push({ savepoint: workspace.savepoint(), model: new Map(model) });
          else {
            const last = saved.pop();
            if (last === undefined) continue;
            workspace.rollbackTo(last.savepoint);
            model = last.model;
          }
        }
        for (let key = 0; key <= 12; key++) expect(Workspace.current(cellOf(key))).toBe(model.get(key));

        function cellOf(key: number): ReturnType<Workspace['cell']> {
          const cell = workspace.cell(users, key, 0);
          cell.committed = committed.get(key);
          return cell;
        }
      }),
    );
  });
});
