// Every state under every event, as a table to read.
import { type ExecutionEvent, type ExecutionState, isEnded, nextState } from '@troupe/compute';
import { describe, expect, test } from 'vitest';

const events: readonly ExecutionEvent[] = ['started', 'again', 'cancel', 'canceled', 'completed', 'failed'];

const matrix: Readonly<Record<ExecutionState, readonly (ExecutionState | '-')[]>> = {
  //          started       again     cancel       canceled    completed    failed
  queued: ['executing', 'queued', 'canceling', 'canceled', 'completed', 'failed'],
  executing: ['executing', 'queued', 'canceling', 'canceled', 'completed', 'failed'],
  canceling: ['canceling', '-', '-', 'canceled', 'completed', 'failed'],
  canceled: ['-', '-', '-', '-', '-', '-'],
  completed: ['-', '-', '-', '-', '-', '-'],
  failed: ['-', '-', '-', '-', '-', '-'],
};
const states = Object.keys(matrix) as ExecutionState[];

describe('an execution', () => {
  test.each(states)('%s goes where the matrix says, whatever happens', (state) => {
    expect(events.map((event) => nextState(state, event) ?? '-')).toEqual(matrix[state]);
  });

  test('has ended exactly when nothing changes it any more', () => {
    for (const state of states) {
      expect(isEnded(state)).toBe(events.every((event) => nextState(state, event) === undefined));
    }
  });
});
