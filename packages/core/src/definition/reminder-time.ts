/** When a reminder is due: what users say, and what follows from it. Pure, but for the calendar of cron expressions. */
import { checkOptions, mustBe, mustBeName } from '../errors/argument.ts';
import { InvalidArgumentError } from '../errors/errors.ts';
import { reminderEveryMsMin } from '../limits.ts';

/**
 * `everyMs`: again and again, from now on, at least 1,000. `atMs`: once, at that moment, in milliseconds since 1970; at once
 * where that is past. `cron`: whenever the expression says, in `timezone` (default: that of the process).
 */
export type ReminderTime =
  | { readonly everyMs: number }
  | { readonly atMs: number }
  | { readonly cron: string; readonly timezone?: string };

/** Reads cron expressions. */
export interface CronCalendar {
  /**
   * The first moment after `afterMs` that the expression means; undefined: there is none. Throws INVALID_ARGUMENT for what is
   * no expression or time zone, and where no calendar is installed.
   */
  next(expression: string, timezone: string | undefined, afterMs: number): number | undefined;
}

/** Dates reach that far. */
const dateMsMax = 8.64e15;

/** Throws INVALID_ARGUMENT. */
export function checkReminderTime(time: ReminderTime): void {
  checkOptions(time, 'time', ['everyMs', 'atMs', 'cron', 'timezone']);
  const { everyMs, atMs, cron, timezone } = time as Record<string, unknown>;
  const said = [everyMs, atMs, cron].filter((each) => each !== undefined).length;
  mustBe(said === 1, 'time', 'one of { everyMs }, { atMs } and { cron }', time);
  if (everyMs !== undefined) {
    const isTime = typeof everyMs === 'number' && everyMs >= reminderEveryMsMin && everyMs <= dateMsMax;
    mustBe(
      isTime,
      'everyMs',
      `a number of at least ${reminderEveryMsMin}; shorter ones are for setTimer`,
      everyMs,
    );
  }
  if (atMs !== undefined) {
    const isTime = typeof atMs === 'number' && Math.abs(atMs) <= dateMsMax;
    mustBe(isTime, 'atMs', 'a moment in milliseconds since 1970', atMs);
  }
  if (cron !== undefined) mustBeName(cron, 'cron');
  if (timezone === undefined) return;
  mustBe(cron !== undefined, 'timezone', 'left out without `cron`', timezone);
  mustBeName(timezone, 'timezone');
}

/** When it is due first. Throws INVALID_ARGUMENT where that is never. */
export function firstDueMs(time: ReminderTime, nowMs: number, calendar: CronCalendar): number {
  if ('everyMs' in time) return nowMs + time.everyMs;
  if ('atMs' in time) return time.atMs;
  const dueMs = calendar.next(time.cron, time.timezone, nowMs);
  if (dueMs !== undefined) return dueMs;
  throw new InvalidArgumentError(`the cron expression '${time.cron}' means no moment to come`, {
    details: { argument: 'cron', cron: time.cron },
  });
}

/**
 * When it is due after it was due at `dueMs` and has been handled at `nowMs`; undefined: never again. One that was missed,
 * however often, was handled for all of these times.
 */
export function nextDueMs(
  time: ReminderTime,
  dueMs: number,
  nowMs: number,
  calendar: CronCalendar,
): number | undefined {
  if ('atMs' in time) return undefined;
  if ('cron' in time) return calendar.next(time.cron, time.timezone, Math.max(dueMs, nowMs));
  const missed = Math.max(0, Math.floor((nowMs - dueMs) / time.everyMs));
  return dueMs + (missed + 1) * time.everyMs;
}

/** Of grids that bring no calendar. */
export const noCalendar: CronCalendar = {
  next: () => {
    throw new InvalidArgumentError('this grid reads no cron expressions', { details: { argument: 'cron' } });
  },
};
