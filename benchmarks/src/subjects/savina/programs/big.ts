/** Everybody pings everybody: each actor pings another one, drawn anew, when its last ping was answered. */
import { mustEqual } from '../../entries.ts';
import { mustHoldTrue, nextSeed, type Program, type Role } from '../program.ts';

const actors = 120;

interface PingerState {
  readonly key: number;
  seed: number;
  left: number;
  peer: number;
  received: number;
}

const pinger: Role = {
  name: 'pinger',
  state: (key): PingerState => ({ key, seed: key, left: 0, peer: 0, received: 0 }),
  methods: {
    start(world, state: PingerState, pings) {
      state.left = pings;
      pingSomebody(world, state);
    },
    ping(world, state: PingerState, from) {
      state.received++;
      world.send(pinger, from, 'pong', state.key);
    },
    pong(world, state: PingerState, from) {
      mustHoldTrue(from === state.peer, 'the pong comes from whom the ping was sent to');
      if (--state.left > 0) pingSomebody(world, state);
      else world.send(sink, 0, 'ended');
    },
    report(world, state: PingerState) {
      world.send(sink, 0, 'received', state.received);
      state.received = 0;
    },
  },
};

function pingSomebody(world: Parameters<Role['methods'][string]>[0], state: PingerState): void {
  state.seed = nextSeed(state.seed);
  // The low bits of such a generator are poor.
  state.peer = (state.seed >>> 8) % actors;
  world.send(pinger, state.peer, 'ping', state.key);
}

interface SinkState {
  ended: number;
  reports: number;
  received: number;
}

const sink: Role = {
  name: 'sink',
  state: (): SinkState => ({ ended: 0, reports: 0, received: 0 }),
  methods: {
    ended(world, state: SinkState) {
      if (++state.ended < actors) return;
      state.ended = 0;
      for (let key = 0; key < actors; key++) world.send(pinger, key, 'report');
    },
    received(world, state: SinkState, count) {
      state.received += count;
      if (++state.reports < actors) return;
      world.done(state.received);
      state.reports = 0;
      state.received = 0;
    },
  },
};

export const big: Program = {
  roles: [pinger, sink],
  async run(runtime, { messages }) {
    const pings = Math.max(1, Math.floor(messages / (2 * actors)));
    const result = runtime.result();
    for (let key = 0; key < actors; key++) runtime.send(pinger, key, 'start', pings);
    mustEqual(await result, actors * pings, 'the pings received');
    return actors * (pings * 2 + 4);
  },
};
