/** The programs by name. */
import type { Program } from '../program.ts';
import { banking } from './banking.ts';
import { big } from './big.ts';
import { boundedBuffer } from './bounded-buffer.ts';
import { chameneos } from './chameneos.ts';
import { counting } from './counting.ts';
import { concurrentDictionary } from './dictionary.ts';
import { forkJoinCreate, forkJoinThroughput } from './fork-join.ts';
import { pingPong } from './ping-pong.ts';
import { threadRing } from './thread-ring.ts';

export const programs = {
  'ping-pong': pingPong,
  counting,
  'fork-join-create': forkJoinCreate,
  'fork-join-throughput': forkJoinThroughput,
  'thread-ring': threadRing,
  chameneos,
  big,
  dictionary: concurrentDictionary,
  'producer-consumer': boundedBuffer,
  banking,
} satisfies Record<string, Program>;

export type ProgramName = keyof typeof programs;
