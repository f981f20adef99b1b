/**
 * Messages that nobody answers. They are sent in bursts, and each burst ends with a question that is answered when all
 * before it were taken in, so that no more are under way than memory can hold, and the pace is the receiver's. In the
 * end the receivers must have counted as many as were sent.
 */
import { measurePipelined } from '../../measuring/pipelined.ts';
import type { Params, Sample } from '../../scenario.ts';
import { mustEqual } from '../entries.ts';

export interface Tells {
  /** Sends one message of the n-th burst. */
  readonly tell: (burst: number) => Promise<unknown> | undefined;
  /** Answered when the burst has been received. */
  readonly barrier: (burst: number) => Promise<void>;
  /** How many have been received by all receivers. */
  readonly total: () => Promise<number>;
}

const burstLength = 500;
const burstsInFlight = 8;

/** Messages per second. */
export async function measureTells({ tell, barrier, total }: Tells, params: Params): Promise<Sample> {
  let sent = 0;
  const burst = async (n: number): Promise<void> => {
    const pending: Promise<unknown>[] = [];
    for (let index = 0; index < burstLength; index++) {
      const sending = tell(n);
      if (sending !== undefined) pending.push(sending);
    }
    sent += burstLength;
    await Promise.all(pending);
    await barrier(n);
  };
  const bursts = await measurePipelined(
    { call: burst, check: () => undefined },
    { ...params, inFlight: burstsInFlight },
  );
  mustEqual(await total(), sent, 'the number of messages received');
  return { value: bursts.value * burstLength };
}
