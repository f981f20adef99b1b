/** A hundred creatures want to meet, two at a time, in one mall: all messages go through one actor. */
import { mustEqual } from '../../entries.ts';
import type { Program, Role } from '../program.ts';

const creatures = 100;
const nobody = -1;
/** Blue, red and yellow are 0, 1 and 2. Two that differ both take the third, and alike ones stay as they are. */
const colors = 3;

interface MallState {
  meetingsLeft: number;
  waiting: number;
  waitingColor: number;
  ended: number;
  met: number;
}

const mall: Role = {
  name: 'mall',
  state: (): MallState => ({ meetingsLeft: 0, waiting: nobody, waitingColor: 0, ended: 0, met: 0 }),
  methods: {
    open(world, state: MallState, meetings) {
      Object.assign(state, { meetingsLeft: meetings, waiting: nobody, waitingColor: 0, ended: 0, met: 0 });
      for (let key = 0; key < creatures; key++) world.send(creature, key, 'begin', key % colors);
    },
    enter(world, state: MallState, key, color) {
      if (state.meetingsLeft === 0) {
        world.send(creature, key, 'goHome');
      } else if (state.waiting === nobody) {
        state.waiting = key;
        state.waitingColor = color;
      } else {
        world.send(creature, state.waiting, 'meet', color);
        world.send(creature, key, 'meet', state.waitingColor);
        state.waiting = nobody;
        state.meetingsLeft--;
      }
    },
    left(world, state: MallState, meetings) {
      state.met += meetings;
      if (++state.ended === creatures) world.done(state.met);
    },
  },
};

interface CreatureState {
  readonly key: number;
  color: number;
  meetings: number;
}

const creature: Role = {
  name: 'creature',
  state: (key): CreatureState => ({ key, color: 0, meetings: 0 }),
  methods: {
    begin(world, state: CreatureState, color) {
      state.color = color;
      state.meetings = 0;
      world.send(mall, 0, 'enter', state.key, color);
    },
    meet(world, state: CreatureState, otherColor) {
      if (otherColor !== state.color) state.color = colors - otherColor - state.color;
      state.meetings++;
      world.send(mall, 0, 'enter', state.key, state.color);
    },
    goHome(world, state: CreatureState) {
      world.send(mall, 0, 'left', state.meetings);
    },
  },
};

export const chameneos: Program = {
  roles: [mall, creature],
  async run(runtime, { messages }) {
    const meetings = Math.max(1, Math.floor(messages / 4));
    const result = runtime.result();
    runtime.send(mall, 0, 'open', meetings);
    mustEqual(await result, meetings * 2, 'the meetings that the creatures had');
    return meetings * 4 + creatures * 4;
  },
};
