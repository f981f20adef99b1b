/** The task of the poolifier subject. The instance registers itself. Poolifier sends `{}` for nothing. */
import { ThreadWorker } from 'poolifier';

export const worker = new ThreadWorker<unknown, unknown>((payload) =>
  Object.keys(payload as object).length === 0 ? null : payload,
);
