/** Forty producers and forty consumers with a buffer of fifty between them, which holds back whoever is too fast. */
import { mustEqual } from '../../entries.ts';
import { mustHoldTrue, type Program, type Role, type World } from '../program.ts';

const producers = 40;
const consumers = 40;
const capacity = 50;

interface BufferState {
  itemsLeft: number;
  readonly items: number[];
  /** Producers whose item is in, but who may not make another one yet. */
  readonly heldBack: number[];
  readonly hungry: number[];
  sum: number;
}

const buffer: Role = {
  name: 'buffer',
  state: (): BufferState => ({ itemsLeft: 0, items: [], heldBack: [], hungry: [], sum: 0 }),
  methods: {
    open(world, state: BufferState, itemsPerProducer) {
      state.itemsLeft = itemsPerProducer * producers;
      state.sum = 0;
      state.hungry.length = 0;
      for (let key = 0; key < consumers; key++) state.hungry.push(key);
      for (let key = 0; key < producers; key++) world.send(maker, key, 'start', itemsPerProducer);
    },
    put(world, state: BufferState, producer, item) {
      const consumer = state.hungry.pop();
      if (consumer === undefined) state.items.push(item);
      else world.send(eater, consumer, 'eat', item);
      mustHoldTrue(state.items.length <= capacity + producers, 'the buffer is bounded');
      if (state.items.length < capacity) world.send(maker, producer, 'make');
      else state.heldBack.push(producer);
    },
    eaten(world, state: BufferState, consumer, item) {
      state.sum += item;
      const next = state.items.shift();
      if (next === undefined) state.hungry.push(consumer);
      else world.send(eater, consumer, 'eat', next);
      if (state.items.length < capacity) {
        const producer = state.heldBack.shift();
        if (producer !== undefined) world.send(maker, producer, 'make');
      }
      endIfDone(world, state);
    },
  },
};

function endIfDone(world: World, state: BufferState): void {
  if (--state.itemsLeft === 0) world.done(state.sum);
}

interface MakerState {
  readonly key: number;
  left: number;
}

const maker: Role = {
  name: 'maker',
  state: (key): MakerState => ({ key, left: 0 }),
  methods: {
    start(world, state: MakerState, items) {
      state.left = items;
      world.send(buffer, 0, 'put', state.key, state.left);
    },
    make(world, state: MakerState) {
      if (--state.left > 0) world.send(buffer, 0, 'put', state.key, state.left);
    },
  },
};

const eater: Role = {
  name: 'eater',
  state: (key) => ({ key }),
  methods: {
    eat: (world, state: { key: number }, item) => world.send(buffer, 0, 'eaten', state.key, item),
  },
};

export const boundedBuffer: Program = {
  roles: [buffer, maker, eater],
  async run(runtime, { messages }) {
    const items = Math.max(1, Math.floor(messages / (4 * producers)));
    const result = runtime.result();
    runtime.send(buffer, 0, 'open', items);
    mustEqual(await result, producers * ((items * (items + 1)) / 2), 'the sum of what was consumed');
    return items * producers * 4;
  },
};
