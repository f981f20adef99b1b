/**
 * The dead letters of one member: messages that nobody waited for and that came to nothing, with why. Bounded in number
 * and bytes: one that has failed takes the place of the oldest; one that was refused is only kept while there is room,
 * so that a flood pushes nothing out and costs little.
 */
import type { Clock } from '../clock.ts';
import { copiedBytes, copyValue } from '../codec/value.ts';
import { fromStorageKey, type Key, type StorageKey } from '../key/key.ts';
import { deadLetterBytesMax, deadLettersMax, deadLettersRefusedShare } from '../limits.ts';
import type { ActorType } from './actor-type.ts';

/**
 * - `failed`: its method threw, as often as it was delivered.
 * - `stopped`: it waited for an actor that was stopped, or could not begin.
 * - `refused`: the mailbox was full, or the partition was created anew while the message was under way.
 */
export type DeadLetterReason = 'failed' | 'stopped' | 'refused';

/** A dead letter as a plain row. */
export interface DeadLetter {
  /** For `replay` and `discard`. */
  readonly id: string;
  /** Where it is kept. */
  readonly host: number;
  readonly actor: string;
  readonly key: Key;
  readonly method: string;
  /** Undefined when the arguments were too large to keep, or no data any more: then it can't be replayed. */
  readonly args: readonly unknown[] | undefined;
  readonly reason: DeadLetterReason;
  /** `code` where the error has one. */
  readonly error: { readonly name: string; readonly message: string; readonly code: string | undefined };
  /** How often it was delivered. */
  readonly attempts: number;
  /** When it died, in milliseconds since 1970. */
  readonly atMs: number;
}

/** What is kept of one. */
export interface KeptLetter {
  readonly type: ActorType;
  readonly key: StorageKey;
  readonly method: number;
  readonly args: readonly unknown[] | undefined;
  readonly reason: DeadLetterReason;
  readonly error: DeadLetter['error'];
  readonly attempts: number;
  readonly atMs: number;
  readonly bytes: number;
}

/** What a letter takes beside its arguments. */
const fixedBytes = 256;

export class DeadLetters {
  /** By number, oldest first. */
  readonly #letters = new Map<number, KeptLetter>();
  readonly #draw: () => number;
  readonly #clock: Pick<Clock, 'epochNow'>;
  #bytes = 0;

  constructor(draw: () => number, clock: Pick<Clock, 'epochNow'>) {
    this.#draw = draw;
    this.#clock = clock;
  }

  add(
    reason: DeadLetterReason,
    type: ActorType,
    key: StorageKey,
    method: number,
    args: readonly unknown[],
    attempts: number,
    error: () => unknown,
  ): void {
    if (reason === 'refused' && !this.#hasRoomForRefused) return;
    const kept = keptArguments(args);
    const bytes = fixedBytes + (kept === undefined ? 0 : copiedBytes());
    while (this.#letters.size >= deadLettersMax || this.#bytes + bytes > deadLetterBytesMax)
      this.#dropOldest();
    this.#bytes += bytes;
    const row = {
      type,
      key,
      method,
      args: kept,
      reason,
      error: told(error()),
      attempts,
      bytes,
      atMs: this.#clock.epochNow(),
    };
    this.#letters.set(this.#draw(), row);
  }

  /** Those that are kept, as rows of this member. */
  list(member: number): DeadLetter[] {
    return Array.from(this.#letters, ([number, letter]) => ({
      id: `${member}:${number}`,
      host: member - 1,
      actor: letter.type.definition.name,
      key: fromStorageKey(letter.key),
      method: letter.type.methodNames[letter.method] ?? '',
      args: letter.args,
      reason: letter.reason,
      error: letter.error,
      attempts: letter.attempts,
      atMs: letter.atMs,
    }));
  }

  find(number: number): KeptLetter | undefined {
    return this.#letters.get(number);
  }

  /** False: there is none of this number. */
  discard(number: number): boolean {
    this.#bytes -= this.#letters.get(number)?.bytes ?? 0;
    return this.#letters.delete(number);
  }

  get #hasRoomForRefused(): boolean {
    const share = deadLettersRefusedShare;
    return this.#letters.size < share * deadLettersMax && this.#bytes < share * deadLetterBytesMax;
  }

  #dropOldest(): void {
    const [oldest] = this.#letters.keys();
    if (oldest !== undefined) this.discard(oldest);
  }
}

/** Undefined when they are too large to keep, or the method has put something into them that is no data. */
function keptArguments(args: readonly unknown[]): readonly unknown[] | undefined {
  try {
    const copy = copyValue(args, 'arguments of a dead letter');
    return copiedBytes() + fixedBytes > deadLetterBytesMax ? undefined : copy;
  } catch {
    return undefined;
  }
}

const messageLengthMax = 4_096;

function told(error: unknown): DeadLetter['error'] {
  if (!(error instanceof Error)) return { name: '', message: String(error), code: undefined };
  const { code } = error as { readonly code?: unknown };
  return {
    name: String(error.name),
    message: String(error.message).slice(0, messageLengthMax),
    code: typeof code === 'string' ? code : undefined,
  };
}
