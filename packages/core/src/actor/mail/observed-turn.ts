/** What is known of a message beside what its turn needs: the context it was sent in, and its times where somebody looks. */
import type { RequestContext } from '../../context/request-context.ts';

export class ObservedTurn {
  /** Of the request that led to it. */
  context: RequestContext | undefined = undefined;
  /** On the clock of the thread; 0: nobody measures it. */
  arrivedMs = 0;
  startedMs = 0;
  /** Messages that were in the mailbox before it. */
  ahead = 0;
}
