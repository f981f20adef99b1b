/** The programs of the Savina suite: the same actors, run by several libraries, each result verified. */
import type { Scenario, Subject } from '../scenario.ts';
import type { StartRuntime } from '../subjects/savina/measure-program.ts';
import type { ProgramName } from '../subjects/savina/programs/programs.ts';

interface Library {
  readonly name: string;
  readonly library?: string;
  readonly start: () => Promise<StartRuntime>;
}

const nact: Library = {
  name: 'nact',
  library: 'nact',
  start: async () => (await import('../subjects/savina/runtimes/nact.ts')).startNact,
};

const troupeOnOneThread: Library = {
  name: 'troupe, one thread',
  library: 'troupe',
  start: async () => (await import('../subjects/savina/runtimes/troupe.ts')).startTroupeOnOneThread,
};

const xstate: Library = {
  name: 'xstate',
  library: 'xstate',
  start: async () => (await import('../subjects/savina/runtimes/xstate.ts')).startXState,
};

const libraries: readonly Library[] = [
  nact,
  troupeOnOneThread,
  {
    name: 'troupe, spread',
    library: 'troupe',
    start: async () => (await import('../subjects/savina/runtimes/troupe.ts')).startTroupeSpread,
  },
  xstate,
  {
    name: 'effect, fiber and queue',
    library: 'effect',
    start: async () => (await import('../subjects/savina/runtimes/effect.ts')).startEffect,
  },
  {
    name: 'bare mailboxes',
    start: async () => (await import('../subjects/savina/runtimes/bare.ts')).startBare,
  },
];

/** Between them they use all that a library must bring. */
const withAllInSmokeRuns: readonly ProgramName[] = ['fork-join-create', 'banking'];

function savina(
  program: ProgramName,
  title: string,
  about: string,
  { without = [] }: { readonly without?: readonly Library[] } = {},
): Scenario {
  return {
    name: `savina/${program}`,
    title,
    about: `${about} Spread: over the hosts. Bare mailboxes: arrays drained in a microtask on one thread, the limit.`,
    unit: 'messages/s',
    isVariant: !withAllInSmokeRuns.includes(program),
    params: ['seconds', 'messages', 'hosts'],
    reference: nact.name,
    subjects: libraries
      .filter((library) => !without.includes(library))
      .map(
        ({ name, library, start }): Subject => ({
          name,
          ...(library === undefined ? {} : { library }),
          async measure(params) {
            const [{ measureProgram }, { programs }, startRuntime] = await Promise.all([
              import('../subjects/savina/measure-program.ts'),
              import('../subjects/savina/programs/programs.ts'),
              start(),
            ]);
            return measureProgram(programs[program], startRuntime, params);
          },
        }),
      ),
  };
}

export const savinaScenarios: readonly Scenario[] = [
  savina(
    'ping-pong',
    'two actors, one message under way',
    'Half of the messages are pings, half pongs. Pong must have received every ping. Spread puts the two on different threads, so every message wakes one.',
  ),
  savina('counting', 'one actor floods another', 'The counter must have counted as many as were sent.'),
  savina(
    'fork-join-create',
    'a new actor for every message',
    'Each new actor gets one message and sends one. The sum of what they sent is checked. The actors of nact, XState and Effect end then; those of Troupe stay, as virtual actors do.',
  ),
  savina(
    'fork-join-throughput',
    'one actor deals messages to sixty',
    'In turn, and as many to each. The sum of what the sixty have counted is checked.',
  ),
  savina(
    'thread-ring',
    'a token goes round 100 actors',
    'One message is under way. Checked: the actor at which the token ends.',
  ),
  savina(
    'chameneos',
    '100 creatures meet in one mall',
    'Two at a time, each time changing color, so the mall is a mailbox that everybody wants. Checked: the sum of the meetings the creatures count.',
  ),
  savina(
    'big',
    '120 actors ping each other at random',
    'Each pings a peer, drawn anew, when its last ping was answered. Checked: that each pong comes from whom the ping was sent to, and the pings received.',
  ),
  savina(
    'dictionary',
    '20 workers read and write one dictionary',
    'One operation in ten writes. Checked: each answer, for nobody else writes the keys of a worker; and the operations counted.',
  ),
  savina(
    'producer-consumer',
    '40 producers, 40 consumers and a buffer of 50',
    'A producer may make its next item only when the buffer has room. Checked: the bound, and the sum of what was consumed.',
  ),
  savina(
    'banking',
    'transfers between 1,000 accounts that ask each other',
    'The turn of the source lasts until the destination has answered. XState has no ask and no turn that lasts. Checked: the sum of all balances.',
    { without: [xstate] },
  ),
];
