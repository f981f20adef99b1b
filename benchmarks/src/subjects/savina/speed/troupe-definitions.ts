/** Actors that are told and asked, and the ones that tell and ask them from within their own turns. */
import { actor } from 'troupe';
import { mustEqual } from '../../entries.ts';
import { askInLanes } from './actor-speed.ts';

const waitingMax = 1_000_000;

export const receiver = actor('receiver', {
  state: (_key: number) => ({ told: 0 }),
  mailboxLengthMax: waitingMax,
  methods: {
    tell(context) {
      context.state.told++;
    },
    told: (context) => context.state.told,
    echo: (_, value: number) => value,
  },
});

export const sender = actor('sender', {
  state: (_key: number) => ({}),
  mailboxLengthMax: waitingMax,
  methods: {
    async tells(context, index: number, count: number) {
      const to = context.tell(receiver, index);
      for (let sent = 0; sent < count; sent++) void to.tell();
      await context.actor(receiver, index).told();
    },
    asks(context, count: number, inFlight: number): Promise<number> {
      const to = context.actor(receiver, 0);
      return askInLanes(count, inFlight, (value) => to.echo(value));
    },
    async create(context, first: number, count: number) {
      for (let index = first; index < first + count; index++) void context.tell(receiver, index).tell();
      const last = await context.actor(receiver, first + count - 1).told();
      mustEqual(last, 1, 'the messages of the last actor');
    },
  },
});
