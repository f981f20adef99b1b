/** Twenty workers read and write one dictionary: a hot actor with state. One in ten messages writes. */
import { mustEqual } from '../../entries.ts';
import { mustHoldTrue, nextSeed, type Program, type Role, type World } from '../program.ts';

const workers = 20;
const keysPerWorker = 512;
const writePercent = 10;
const absent = -1;

interface WorkerState {
  readonly key: number;
  seed: number;
  left: number;
  /** What the answer to the question under way must be. */
  expected: number;
  /** Nobody else writes the worker's own keys, so it knows what must be there. */
  readonly written: Map<number, number>;
}

const reader: Role = {
  name: 'reader',
  state: (key): WorkerState => ({ key, seed: key, left: 0, expected: absent, written: new Map() }),
  methods: {
    start(world, state: WorkerState, operations) {
      state.left = operations;
      useDictionary(world, state);
    },
    answer(world, state: WorkerState, value) {
      mustHoldTrue(value === state.expected, 'a worker reads what it wrote last');
      if (--state.left > 0) useDictionary(world, state);
      else world.send(dictionary, 0, 'ended');
    },
  },
};

function useDictionary(world: World, state: WorkerState): void {
  const drawn = nextSeed(state.seed);
  const isWrite = (drawn >>> 8) % 100 < writePercent;
  state.seed = nextSeed(drawn);
  const key = ((state.seed >>> 8) % keysPerWorker) * workers + state.key;
  if (isWrite) {
    state.expected = state.seed;
    state.written.set(key, state.seed);
    world.send(dictionary, 0, 'write', state.key, key, state.seed);
  } else {
    state.expected = state.written.get(key) ?? absent;
    world.send(dictionary, 0, 'read', state.key, key);
  }
}

interface DictionaryState {
  readonly entries: Map<number, number>;
  operations: number;
  ended: number;
}

const dictionary: Role = {
  name: 'dictionary',
  state: (): DictionaryState => ({ entries: new Map(), operations: 0, ended: 0 }),
  methods: {
    write(world, state: DictionaryState, worker, key, value) {
      state.operations++;
      state.entries.set(key, value);
      world.send(reader, worker, 'answer', value);
    },
    read(world, state: DictionaryState, worker, key) {
      state.operations++;
      world.send(reader, worker, 'answer', state.entries.get(key) ?? absent);
    },
    ended(world, state: DictionaryState) {
      if (++state.ended < workers) return;
      world.done(state.operations);
      state.operations = 0;
      state.ended = 0;
    },
  },
};

export const concurrentDictionary: Program = {
  roles: [reader, dictionary],
  async run(runtime, { messages }) {
    const operations = Math.max(1, Math.floor(messages / (2 * workers)));
    const result = runtime.result();
    for (let key = 0; key < workers; key++) runtime.send(reader, key, 'start', operations);
    mustEqual(await result, operations * workers, 'the operations on the dictionary');
    return workers * (operations * 2 + 2);
  },
};
