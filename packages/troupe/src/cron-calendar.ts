/**
 * Cron expressions, read by croner, which users install if they use any: a reminder by cron is rare, and Troupe keeps its
 * dependencies few.
 */
import { createRequire } from 'node:module';
import { type CronCalendar, InvalidArgumentError } from '@troupe/core';
import type { Cron } from 'croner';

type CronClass = typeof Cron;

let known: CronClass | undefined;

/** Throws INVALID_ARGUMENT where croner isn't installed. */
function croner(): CronClass {
  try {
    known ??= (createRequire(import.meta.url)('croner') as { readonly Cron: CronClass }).Cron;
    return known;
  } catch (cause) {
    throw new InvalidArgumentError(
      'reminders by cron expressions need the package croner: npm install croner',
      { cause, details: { argument: 'cron' } },
    );
  }
}

export const calendar: CronCalendar = {
  next(expression, timezone, afterMs) {
    const cronClass = croner();
    try {
      const cron = new cronClass(expression, {
        paused: true,
        ...(timezone === undefined ? {} : { timezone }),
      });
      return cron.nextRun(new Date(afterMs))?.getTime();
    } catch (cause) {
      throw new InvalidArgumentError(`cron expression '${expression}': ${(cause as Error).message}`, {
        cause,
        details: { argument: 'cron', cron: expression, timezone },
      });
    }
  },
};
