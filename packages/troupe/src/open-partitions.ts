/**
 * The partitions that a host creates when it starts: empty at once, or, in a grid with storage, as they were stored. What
 * a predecessor held in memory is gone, older versions with it, so no snapshot from before can be read here: the store's
 * horizon is drawn when nothing of the predecessor can be committed any more.
 */
import {
  type ActorService,
  type AssignedPartition,
  type CoreMember,
  isRemindersTable,
  PartitionStore,
  type RecoveryListener,
  type Reminders,
} from '@troupe/core';
import { idempotencyTable, type RecoveredPartition, type Transactions } from '@troupe/transactions';

/** Creates the assigned partitions. Undefined where nothing has to be read back for that. */
export function openPartitions(
  core: CoreMember,
  transactions: Transactions,
  actors: ActorService,
  progress: RecoveryListener | undefined,
): Promise<void> | undefined {
  const { assigned } = core;
  const { log } = transactions;
  if (log === undefined) {
    for (const partition of assigned) create(core, transactions, actors, partition).done();
    return undefined;
  }
  let done = 0;
  const openings = assigned.map(async (partition) => {
    await log.open(partition, () => create(core, transactions, actors, partition));
    done++;
    progress?.(done, assigned.length);
  });
  return Promise.all(openings).then(() => undefined);
}

function create(
  { member, owned }: CoreMember,
  transactions: Transactions,
  service: ActorService,
  { id, incarnation }: AssignedPartition,
): RecoveredPartition {
  const store = new PartitionStore(member.shared, member.shared.draw());
  return {
    write(table, key, value, timestamp) {
      store.write(table, key, value, timestamp);
      if (isRemindersTable(table))
        service.reminders.recovered({ partition: id, table, key }, value as Reminders);
      if (table === idempotencyTable) transactions.service.recoveredAnswers();
    },
    state: (table, key, bytes) => service.recover(id, table, key, bytes),
    done() {
      const actors = service.statesOf(id, incarnation);
      const concurrency = transactions.control({ id, incarnation, store, actors });
      owned.add({ id, incarnation, store, concurrency });
    },
  };
}
