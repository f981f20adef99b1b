/** Two actors, one message under way at a time: what a message costs when nothing can be done meanwhile. */
import { mustEqual } from '../../entries.ts';
import type { Program, Role } from '../program.ts';

interface PingState {
  readonly key: number;
  peer: number;
  left: number;
}

const ping: Role = {
  name: 'ping',
  state: (key): PingState => ({ key, peer: 0, left: 0 }),
  methods: {
    start(world, state: PingState, peer, count) {
      state.peer = peer;
      state.left = count;
      world.send(pong, peer, 'reset');
      world.send(pong, peer, 'ping', state.key);
    },
    pong(world, state: PingState, received) {
      if (--state.left > 0) world.send(pong, state.peer, 'ping', state.key);
      else world.done(received);
    },
  },
};

const pong: Role = {
  name: 'pong',
  state: () => ({ received: 0 }),
  methods: {
    reset(_, state: { received: number }) {
      state.received = 0;
    },
    ping(world, state: { received: number }, from) {
      world.send(ping, from, 'pong', ++state.received);
    },
  },
};

export const pingPong: Program = {
  roles: [ping, pong],
  async run(runtime, { messages }) {
    const count = Math.max(1, Math.floor(messages / 2));
    const [pingKey, pongKey] = await runtime.apart();
    const result = runtime.result();
    runtime.send(ping, pingKey, 'start', pongKey, count);
    mustEqual(await result, count, 'the pings that pong has received');
    return count * 2;
  },
};
