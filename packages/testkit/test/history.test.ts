import { History, type ListAppendMop } from '@troupe/testkit';
import { expect, test } from 'vitest';

test('a history numbers invocations and completions in one sequence', () => {
  const history = new History<ListAppendMop>();
  const first = history.record('a').invoke([['append', 'x', 1]]);
  const second = history.record('b').invoke([['r', 'x', undefined]]);
  second.ok([['r', 'x', []]]);
  first.fail();
  history.record('a').invoke([['append', 'x', 2]]);
  expect(history.operations).toEqual([
    { process: 'a', invokeIndex: 0, completeIndex: 3, type: 'fail', mops: [['append', 'x', 1]] },
    { process: 'b', invokeIndex: 1, completeIndex: 2, type: 'ok', mops: [['r', 'x', []]] },
    { process: 'a', invokeIndex: 4, completeIndex: Infinity, type: 'info', mops: [['append', 'x', 2]] },
  ]);
});

test('a process does one operation at a time, and an operation ends once', () => {
  const history = new History<ListAppendMop>();
  const recorder = history.record('a');
  const open = recorder.invoke([['append', 'x', 1]]);
  expect(() => recorder.invoke([['append', 'x', 2]])).toThrow(/under way/);
  open.info();
  expect(() => open.fail()).toThrow(/ended twice/);
  recorder.invoke([['append', 'x', 2]]).ok([['append', 'x', 2]]);
  expect(history.operations.map(({ type }) => type)).toEqual(['info', 'ok']);
});
