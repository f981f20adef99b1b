/**
 * Messages that nobody answers. They are sent in bursts, and each burst ends with a question that is answered when all
 * before it were taken in, so that no more are under way than memory can hold, and the pace is the receiver's. In the
 * end the receivers must have counted as many as were sent.
 */
import { measurePipelined } from '../../measuring/pipelined.ts';
import type { Params, Sample } from '../../scenario.ts';
import { mustEqual } from '../entries.ts';

export interface Tells {
  /** What sends the messages of the n-th burst, one at each call. */
  readonly teller: (burst: number) => () => void;
  /** Answered when the burst has been received. */
  readonly barrier: (burst: number) => Promise<void>;
  /** How many have been received by all receivers. */
  readonly total: () => Promise<number>;
}

const burstLength = 500;
const burstsInFlight = 8;

/** Messages per second. */
export async function measureTells({ teller, barrier, total }: Tells, params: Params): Promise<Sample> {
  let sent = 0;
  const burst = async (n: number): Promise<void> => {
    const tell = teller(n);
    for (let index = 0; index < burstLength; index++) tell();
    sent += burstLength;
    await barrier(n);
  };
  const bursts = await measurePipelined(
    { call: burst, check: () => undefined },
    { ...params, inFlight: burstsInFlight },
  );
  mustEqual(await total(), sent, 'the number of messages received');
  return { value: bursts.value * burstLength };
}
