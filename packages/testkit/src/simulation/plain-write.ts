/**
 * A plain write where it must be durable before it is answered: a transaction of one key whose coordinator is at the
 * owner. It commits in the turn in which it gets its lock, so no conflict can end it.
 */
import type { PartitionId } from '@troupe/core';
import { type Coordinator, LockMode } from '@troupe/transactions';
import type { GridMember } from './grid-member.ts';
import type { CallAnswer } from './table-server.ts';

export function appendDurably(
  member: GridMember,
  partition: PartitionId,
  table: number,
  key: string,
  value: number,
  settle: (answer: CallAnswer) => void,
): void {
  let before: unknown;
  let coordinator: Coordinator | undefined;
  coordinator = member.tryBegin(undefined, 0, {
    answered: (_step, _partition, [list]) => {
      before = list;
      const appended = [...((list as readonly number[] | undefined) ?? []), value];
      const changes = { writes: [table, key, appended], cleared: [] };
      coordinator?.commit(new Map([[partition, changes]]));
    },
    ended: ({ committed }) => settle(committed ? { kind: 'answered', value: before } : { kind: 'moved' }),
  });
  if (coordinator === undefined)
    member.whenSlotFree(() => appendDurably(member, partition, table, key, value, settle));
  else coordinator.lock(partition, 1, [table, key, LockMode.X]);
}
