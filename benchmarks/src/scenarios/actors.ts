/** Single actors: tells, asks, new ones and idle ones on one thread; asks between threads. */
import type { Params, Sample, Scenario, Subject } from '../scenario.ts';
import type { Target } from '../statistics.ts';
import type { SpeedMeans } from '../subjects/savina/speed/actor-speed.ts';

type Open = (params: Params) => Promise<SpeedMeans>;
type Measure = (means: SpeedMeans, params: Params) => Promise<Sample>;

interface Library {
  readonly name: string;
  readonly library?: string;
  readonly open: Open;
}

const nact: Library = {
  name: 'nact',
  library: 'nact',
  open: async () => (await import('../subjects/savina/speed/nact-speed.ts')).nactMeans(),
};
const fromActor: Library = {
  name: 'troupe, from an actor',
  library: 'troupe',
  open: async (params) => (await import('../subjects/savina/speed/troupe-speed.ts')).meansFromActor(params),
};
const fromService: Library = {
  name: 'troupe, from the service',
  library: 'troupe',
  open: async (params) => (await import('../subjects/savina/speed/troupe-speed.ts')).meansFromService(params),
};
const bare: Library = {
  name: 'bare mailboxes',
  open: async () => (await import('../subjects/savina/speed/bare-speed.ts')).bareMeans(),
};

function subject({ name, library, open }: Library, measure: Measure, target?: Target): Subject {
  return {
    name,
    ...(library === undefined ? {} : { library }),
    ...(target === undefined ? {} : { target }),
    measure: async (params) => measure(await open(params), params),
  };
}

const speed = () => import('../subjects/savina/speed/actor-speed.ts');
const tells: Measure = async (means, params) => (await speed()).measureActorTells(means, params);
const asks: Measure = async (means, params) => (await speed()).measureActorAsks(means, params);
const creation: Measure = async (means, params) => (await speed()).measureCreation(means, params);
const memory: Measure = async (means, params) => (await speed()).measureIdleActors(means, params.loadEntries);
/** The figure is the same for fewer of them, and a million take gigabytes. */
const peersMemory: Measure = async (means, params) =>
  (await speed()).measureIdleActors(means, params.loadEntries / 10);

function besideNact(measure: Measure, target: Target): readonly Subject[] {
  return [
    subject(nact, measure),
    subject(fromActor, measure, target),
    subject(fromService, measure, target),
    subject(bare, measure),
  ];
}

const onOneThread =
  'Everything is on one thread. From the service: the service is a member of the grid of its own, with a link in memory to the actors. Bare mailboxes: arrays drained in a microtask, the limit.';

const whatNactLeavesOut =
  'The profiles show no part that dominates: taking a message in, the turn, and the call each take about a tenth. From the service each call is a message of a link in memory besides, which is made, found its actor for, and taken in: half of its time.';

const rawEcho = async (params: Params): Promise<Sample> =>
  (await import('../subjects/echo/raw.ts')).measureRawEcho(params);
const actorEcho = async (params: Params): Promise<Sample> =>
  (await import('../subjects/echo/troupe.ts')).measureActorEcho(params);
const warmActorEcho = async (params: Params): Promise<Sample> =>
  (await import('../subjects/echo/troupe.ts')).measureActorEcho({ ...params, hosts: 1 }, { keepWarmMs: 1 });
const beside = async (measure: (params: Params) => Promise<Sample>, params: Params): Promise<Sample> =>
  (await import('../subjects/savina/speed/busy-machine.ts')).beside(measure, params);

const acrossThreads =
  'An empty message goes to another thread and is answered: by an actor, or by hand with postMessage and a promise in a Map. Every answer is checked.';

/** On a machine with others at work, less leaves half of the code uncompiled. */
const warmUp = { fixed: { warmUpSeconds: 2 }, smoke: { warmUpSeconds: 0.02 } } as const;

/** nact draws a name for each query, and one of some hundred thousand is never answered. */
const briefAsks = {
  fixed: { warmUpSeconds: 0.6, seconds: 0.6 },
  smoke: { ...warmUp.smoke, seconds: 0.05 },
} as const;
/** Actors stay: longer, and what is measured is the collection of millions. */
const briefCreation = {
  fixed: { warmUpSeconds: 0.4, seconds: 0.4 },
  smoke: { ...warmUp.smoke, seconds: 0.05 },
} as const;

export const actorScenarios: readonly Scenario[] = [
  {
    name: 'actors/tell',
    title: 'messages that nobody answers, on one thread',
    about: `Bursts of 500 messages to one actor, 8 bursts under way; a burst ends when all was received. In the end the actors must have counted as many as were sent. ${onOneThread}`,
    bound: whatNactLeavesOut,
    unit: 'messages/s',
    params: ['seconds'],
    ...warmUp,
    reference: nact.name,
    subjects: besideNact(tells, { atLeast: 5 }),
  },
  {
    name: 'actors/ask',
    title: 'asks on one thread, 1,000 in flight',
    about: `One actor answers with the number it was sent, which is checked. ${onOneThread}`,
    bound: whatNactLeavesOut,
    unit: 'operations/s',
    params: ['seconds', 'inFlight'],
    ...briefAsks,
    reference: nact.name,
    subjects: besideNact(asks, { atLeast: 5 }),
  },
  {
    name: 'actors/create',
    title: 'a new actor and its first message',
    about: `Bursts of 500 new actors; one in a hundred is asked in the end what it received. ${onOneThread}`,
    unit: 'operations/s',
    params: ['seconds'],
    ...briefCreation,
    reference: nact.name,
    subjects: besideNact(creation, { atLeast: 1 }),
  },
  {
    name: 'actors/idle-memory',
    title: 'what an actor takes that has had one message and does nothing now',
    about: `Heap in use after a collection, before and after. Peers: a tenth as many actors. One in a hundred is asked what it received. ${onOneThread}`,
    unit: 'bytes per actor',
    params: ['loadEntries'],
    subjects: [
      subject(fromActor, memory, { atMost: 1_000 }),
      subject(nact, peersMemory),
      subject(bare, peersMemory),
    ],
  },
  {
    name: 'actors/remote-ask',
    title: 'asks to actors on other threads, 1,000 in flight',
    about: acrossThreads,
    bound:
      'The service’s thread is busy all the time, the hosts half of it: each ask is copied, packed, handed over with `postMessage` (an eighth of its time) and answered to a promise.',
    unit: 'operations/s',
    params: ['seconds', 'inFlight', 'hosts'],
    ...warmUp,
    reference: 'raw postMessage',
    subjects: [
      { name: 'raw postMessage', measure: rawEcho },
      { name: 'troupe', library: 'troupe', target: { atLeast: 2.5 }, measure: actorEcho },
    ],
  },
  {
    name: 'actors/remote-ask-idle',
    title: 'one ask at a time to an actor on another thread',
    about: `${acrossThreads} Latency mode: \`keepWarmMs\`, with one host, as threads that are kept warm need a core each.`,
    bound:
      'All threads are idle three quarters of the time: an idle round trip is mostly waking the other thread, twice, as it is for a raw message; `postMessage` is a quarter to two fifths of what each thread does.',
    unit: 'µs p50',
    params: ['seconds', 'hosts'],
    ...warmUp,
    fixed: { ...warmUp.fixed, inFlight: 1 },
    reference: 'raw postMessage',
    subjects: [
      { name: 'raw postMessage', measure: rawEcho },
      { name: 'troupe', library: 'troupe', target: { atMost: 1.25 }, measure: actorEcho },
      { name: 'troupe, latency mode', library: 'troupe', target: { atMost: 0.25 }, measure: warmActorEcho },
    ],
  },
  {
    name: 'actors/remote-ask-busy',
    title: 'the same with 1,000 in flight, beside two busy processes',
    about: acrossThreads,
    unit: 'operations/s',
    params: ['seconds', 'inFlight', 'hosts'],
    ...warmUp,
    reference: 'raw postMessage',
    subjects: [
      { name: 'raw postMessage', measure: (params) => beside(rawEcho, params) },
      {
        name: 'troupe',
        library: 'troupe',
        target: { atLeast: 2.5 },
        measure: (params) => beside(actorEcho, params),
      },
    ],
  },
];
