/**
 * The actors of the sender's own thread, as tells reach them. Where a tell has nothing to bring but its arguments, the
 * reference remembers the actor's seat, so that the next needs neither a message nor a search.
 */
import type { StorageKey } from '../../key/key.ts';
import type { Message } from '../../link/outbox.ts';
import type { PartitionId } from '../../mesh/shared-state.ts';
import type { ActorType } from '../actor-type.ts';
import type { Activation } from '../life/activation.ts';
import type { Seat } from '../life/seat.ts';

export interface LocalActors {
  /** Takes in a tell. Undefined: more may follow at once. Rejects, unobserved, when it can't be taken in. */
  tellHere(message: Message): Promise<void> | undefined;
  /** The seat of an actor, which is active from now on; undefined when this incarnation of its partition isn't here. */
  seatOf(partition: PartitionId, incarnation: number, type: ActorType, key: StorageKey): Seat | undefined;
  /** As `tellHere`, to an actor that has its seat. */
  tellActive(actor: Activation, method: number, args: readonly unknown[]): Promise<void> | undefined;
}
