import { getEventListeners } from 'node:events';
import { onAbort } from '@troupe/core';
import { describe, expect, test } from 'vitest';

const listeners = (signal: AbortSignal): number => getEventListeners(signal, 'abort').length;

describe('onAbort', () => {
  test('tells every wait of a signal once, through one listener', () => {
    const controller = new AbortController();
    const { signal } = controller;
    let told = 0;
    for (let i = 0; i < 100; i++) onAbort(signal, () => told++);
    expect(listeners(signal)).toBe(1);
    controller.abort();
    expect([told, listeners(signal)]).toEqual([100, 0]);
  });

  test('leaves nothing at a signal when its last wait is over', () => {
    const { signal } = new AbortController();
    const tell = (): void => undefined;
    const [first, second] = [onAbort(signal, tell), onAbort(signal, tell)];
    first();
    first();
    expect(listeners(signal)).toBe(1);
    second();
    expect(listeners(signal)).toBe(0);
    onAbort(signal, tell)();
    expect(listeners(signal)).toBe(0);
  });

  test('does not tell a wait that is over, even if another one ended it while all were told', () => {
    const controller = new AbortController();
    const told: string[] = [];
    let stopLast = (): void => undefined;
    onAbort(controller.signal, () => {
      told.push('first');
      stopLast();
    });
    onAbort(controller.signal, () => told.push('over'))();
    stopLast = onAbort(controller.signal, () => told.push('last'));
    controller.abort();
    expect(told).toEqual(['first']);
  });
});
