// Recommendations: a job for every customer, run where the customer's library is.
import type { Grid } from 'troupe';
import { forEachBounded } from '../bounded.ts';
import type { Catalogue } from '../catalogue/catalogue.ts';
import { libraries, recommend } from '../definitions.ts';
import type { Progress } from '../progress.ts';
import { type PhaseResult, runPhase } from './phase.ts';

const concurrency = 64;
const proposals = 5;

/** Recommends tracks to everybody. */
export async function makeRecommendations(
  grid: Grid,
  { customers }: Catalogue,
  progress: Progress,
): Promise<PhaseResult> {
  const plan = { name: 'recommendations', total: customers.length, unit: 'jobs' };
  const { result } = await runPhase(plan, progress, (meter) =>
    forEachBounded(customers, concurrency, async ({ customerId }) => {
      await meter.time(() =>
        grid.compute.run(recommend, { customerId, top: proposals }, { at: libraries.key(customerId) }),
      );
      meter.done();
    }),
  );
  return result;
}
