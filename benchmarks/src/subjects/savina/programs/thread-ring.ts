/** A token goes round a hundred actors: one message under way, and always another actor whose turn it is. */
import { mustEqual } from '../../entries.ts';
import type { Program, Role } from '../program.ts';

const members = 100;

const member: Role = {
  name: 'ring',
  state: (key) => ({ key, next: (key + 1) % members }),
  methods: {
    token(world, state: { key: number; next: number }, hopsLeft) {
      if (hopsLeft === 0) world.done(state.key);
      else world.send(member, state.next, 'token', hopsLeft - 1);
    },
  },
};

export const threadRing: Program = {
  roles: [member],
  async run(runtime, { messages, number }) {
    const first = number % members;
    const result = runtime.result();
    runtime.send(member, first, 'token', messages);
    mustEqual(await result, (first + messages) % members, 'the actor at which the token ended');
    return messages;
  },
};
