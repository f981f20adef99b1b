/** Work dealt out to actors: to new ones with one message each, or to a few with many each. */
import { mustEqual } from '../../entries.ts';
import { type Program, type Role, sendMany } from '../program.ts';

/** Of Savina's throughput program. */
const workers = 60;

interface JoinState {
  left: number;
  sum: number;
}

/** Deals the work out itself, for only then does it know for certain how much to expect before the first part of it. */
const join: Role = {
  name: 'join',
  state: (): JoinState => ({ left: 0, sum: 0 }),
  methods: {
    create(world, state: JoinState, first, count) {
      Object.assign(state, { left: count, sum: 0 });
      world.send(creator, 0, 'start', first, count);
    },
    deal(world, state: JoinState, count) {
      Object.assign(state, { left: workers, sum: 0 });
      world.send(dealer, 0, 'start', count);
    },
    add(world, state: JoinState, value) {
      state.sum += value;
      if (--state.left === 0) world.done(state.sum);
    },
  },
};

const newcomer: Role = {
  name: 'newcomer',
  isTransient: true,
  state: (key) => ({ key }),
  methods: {
    work(world, state: { key: number }, first) {
      world.send(join, 0, 'add', state.key - first);
    },
  },
};

const creator: Role = {
  name: 'creator',
  state: () => ({}),
  methods: {
    start: (world, _, first, count) =>
      sendMany(count, (index) => world.sendPaced(newcomer, first + index, 'work', first)),
  },
};

/** Every actor is a new one. */
export const forkJoinCreate: Program = {
  roles: [creator, newcomer, join],
  async run(runtime, { messages, number }) {
    const count = Math.max(1, Math.floor(messages / 2));
    const result = runtime.result();
    runtime.send(join, 0, 'create', number * count, count);
    mustEqual(await result, (count * (count - 1)) / 2, 'the sum of what the new actors sent');
    return count * 2;
  },
};

interface WorkerState {
  received: number;
}

const worker: Role = {
  name: 'worker',
  state: (): WorkerState => ({ received: 0 }),
  methods: {
    work(world, state: WorkerState, share) {
      if (++state.received < share) return;
      world.send(join, 0, 'add', state.received);
      state.received = 0;
    },
  },
};

const dealer: Role = {
  name: 'dealer',
  state: () => ({}),
  methods: {
    start: (world, _, count) =>
      sendMany(count, (index) => world.sendPaced(worker, index % workers, 'work', count / workers)),
  },
};

export const forkJoinThroughput: Program = {
  roles: [dealer, worker, join],
  async run(runtime, { messages }) {
    const count = Math.max(1, Math.floor(messages / workers)) * workers;
    const result = runtime.result();
    runtime.send(join, 0, 'deal', count);
    mustEqual(await result, count, 'the messages that the workers received');
    return count + workers;
  },
};
