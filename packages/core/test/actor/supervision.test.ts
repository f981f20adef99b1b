// What becomes of an actor that fails: the decision, pure.
import { decideSupervision, restartsWithin, type SupervisionDirective, supervisionRules } from '@troupe/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

const directives = ['resume', 'restart', 'stop', 'escalate'] as const satisfies SupervisionDirective[];
const phases = ['activate', 'handle', 'timer', 'deactivate'] as const;

const anyRules = fc
  .record({
    max: fc.nat(5),
    withinMs: fc.integer({ min: 1, max: 1_000 }),
    minDelayMs: fc.integer({ min: 1, max: 50 }),
    more: fc.nat(500),
    deliveryAttemptsMax: fc.integer({ min: 1, max: 4 }),
  })
  .map(({ max, withinMs, minDelayMs, more, deliveryAttemptsMax }) =>
    supervisionRules({
      restarts: { max, withinMs, minDelayMs, maxDelayMs: minDelayMs + more },
      deliveryAttemptsMax,
    }),
  );

const anyFailure = fc.record({
  directive: fc.constantFrom(...directives),
  phase: fc.constantFrom(...phases),
  attempt: fc.integer({ min: 1, max: 6 }),
  isAsked: fc.boolean(),
});

describe('a decision of supervision', () => {
  test('never restarts more often than the limit, in whatever window', () => {
    fc.assert(
      fc.property(anyRules, fc.array(fc.nat(300), { maxLength: 60 }), (rules, gapsMs) => {
        let restarts: readonly number[] = [];
        const restarted: number[] = [];
        let nowMs = 0;
        for (const gapMs of gapsMs) {
          nowMs += gapMs;
          const decision = decideSupervision(
            { directive: 'restart', phase: 'handle', attempt: 1, isAsked: true },
            restarts,
            nowMs,
            rules,
          );
          restarts = decision.restarts;
          if (decision.action === 'restart') restarted.push(nowMs);
          else expect(decision).toMatchObject({ action: 'stop', limited: true });
          const inWindow = restarted.filter((atMs) => atMs > nowMs - rules.withinMs);
          expect(inWindow.length).toBeLessThanOrEqual(rules.restartsMax);
          // What is forgotten counts no more.
          expect(restartsWithin(restarts, nowMs, rules)).toEqual(inWindow);
        }
      }),
    );
  });

  test('pauses longer with each restart, within its bounds', () => {
    fc.assert(
      fc.property(anyRules, (rules) => {
        let restarts: readonly number[] = [];
        let before = 0;
        for (let i = 0; i < rules.restartsMax; i++) {
          const failure = { directive: 'restart', phase: 'timer', attempt: 1, isAsked: false } as const;
          const decision = decideSupervision(failure, restarts, 0, rules);
          expect(decision.delayMs).toBe(Math.min(rules.maxDelayMs, rules.minDelayMs * 2 ** i));
          expect(decision.delayMs).toBeGreaterThanOrEqual(before);
          before = decision.delayMs;
          restarts = decision.restarts;
        }
      }),
    );
  });

  test('does what the directive says, but for a restart too many', () => {
    fc.assert(
      fc.property(anyRules, anyFailure, fc.array(fc.nat(1_000)), (rules, failure, times) => {
        const restarts = times.sort((a, b) => a - b);
        const { action, limited, delayMs } = decideSupervision(failure, restarts, 1_000, rules);
        expect(action).toBe(limited ? 'stop' : failure.directive);
        if (limited) expect(failure.directive).toBe('restart');
        expect(delayMs > 0).toBe(action === 'restart');
      }),
    );
  });

  test('delivers again only messages nobody waits for, of an actor that goes on, until they had their attempts', () => {
    fc.assert(
      fc.property(anyRules, anyFailure, (rules, failure) => {
        const { action, again } = decideSupervision(failure, [], 0, rules);
        const isMessage = failure.phase === 'handle' || failure.phase === 'timer';
        const goesOn = action === 'resume' || action === 'restart';
        expect(again).toBe(
          isMessage && !failure.isAsked && goesOn && failure.attempt < rules.deliveryAttemptsMax,
        );
      }),
    );
  });

  test('has defaults that fit each other', () => {
    expect(supervisionRules({})).toMatchObject({ restartsMax: 10, withinMs: 60_000, deliveryAttemptsMax: 1 });
    expect(supervisionRules({ restarts: { maxDelayMs: 3 } })).toMatchObject({ minDelayMs: 3, maxDelayMs: 3 });
    const long = supervisionRules({ restarts: { minDelayMs: 9_000 } });
    expect(long).toMatchObject({ minDelayMs: 9_000, maxDelayMs: 9_000 });
  });
});
