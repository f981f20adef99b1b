/** The job and the actor that answer what they are sent. Loaded on every host. */
import { actor, job } from 'troupe';
import type { Payload } from './payload.ts';

export const echo = job('echo', { run: (_, payload: Payload) => payload });

const waitingMax = 100_000;

export const receiver = actor('receiver', {
  state: (_key: number) => ({ told: 0 }),
  mailboxLengthMax: waitingMax,
  methods: {
    echo: (_, payload: Payload) => payload,
    tell(context) {
      context.state.told++;
    },
    told: (context) => context.state.told,
  },
});
