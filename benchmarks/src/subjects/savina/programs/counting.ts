/** One actor floods another, which counts. */
import { mustEqual } from '../../entries.ts';
import { type Program, type Role, sendMany } from '../program.ts';

const producer: Role = {
  name: 'producer',
  state: () => ({}),
  methods: {
    async start(world, _, counterKey, count) {
      await sendMany(count, () => world.sendPaced(counter, counterKey, 'increment'));
      world.send(counter, counterKey, 'report');
    },
  },
};

const counter: Role = {
  name: 'counter',
  state: () => ({ count: 0 }),
  methods: {
    increment(_, state: { count: number }) {
      state.count++;
    },
    report(world, state: { count: number }) {
      world.done(state.count);
      state.count = 0;
    },
  },
};

export const counting: Program = {
  roles: [producer, counter],
  async run(runtime, { messages }) {
    const [producerKey, counterKey] = await runtime.apart();
    const result = runtime.result();
    runtime.send(producer, producerKey, 'start', counterKey, messages);
    mustEqual(await result, messages, 'the messages counted');
    return messages;
  },
};
