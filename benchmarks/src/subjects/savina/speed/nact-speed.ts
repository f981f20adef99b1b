/** nact's means: `dispatch` and `query`. */
import { dispatch, query, type Ref, spawn, start, stop } from 'nact';
import { mustEqual } from '../../entries.ts';
import { askInLanes, type SpeedMeans } from './actor-speed.ts';

interface Echo {
  readonly replyTo: Ref<unknown>;
  readonly value?: number;
}

type NactMessage = 'tell' | Echo;

const queryTimeoutMs = 120_000;

export function nactMeans(): SpeedMeans {
  const system = start();
  const actors: Ref<NactMessage>[] = [];
  const actorAt = (index: number): Ref<NactMessage> => {
    const known = actors[index];
    if (known !== undefined) return known;
    const behave = (state: { told: number }, message: NactMessage) => {
      if (message === 'tell') state.told++;
      else dispatch(message.replyTo, message.value ?? state.told);
      return state;
    };
    const made = spawn(system, behave as never, `actor-${index}`, {
      initialState: { told: 0 },
    } as never) as Ref<NactMessage>;
    actors[index] = made;
    return made;
  };
  const told = (index: number): Promise<number> =>
    query(actorAt(index), (replyTo: Ref<unknown>) => ({ replyTo }), queryTimeoutMs) as Promise<number>;
  return {
    async tells(index, count) {
      const actor = actorAt(index);
      for (let sent = 0; sent < count; sent++) dispatch(actor, 'tell');
      await told(index);
    },
    told,
    asks(count, inFlight) {
      const actor = actorAt(0);
      return askInLanes(count, inFlight, (value) =>
        query(actor, (replyTo: Ref<unknown>) => ({ replyTo, value }), queryTimeoutMs),
      );
    },
    async create(first, count) {
      for (let index = first; index < first + count; index++) dispatch(actorAt(index), 'tell');
      mustEqual(await told(first + count - 1), 1, 'the messages of the last actor');
    },
    close() {
      stop(system);
      return Promise.resolve();
    },
  };
}
