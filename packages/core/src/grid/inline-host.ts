/**
 * The one host of a grid with `threads: 0`: a member of its own on the thread of the service, reached through a link in
 * memory. It ends only with the grid.
 */
import type { FrameTransport } from '../link/link.ts';
import { memoryTransports } from '../link/memory-link.ts';
import { callMemoryBytes } from '../mesh/call-memory.ts';
import { Member } from '../mesh/member.ts';
import { identityOf, type MemberIdentity } from '../mesh/peer.ts';
import { OwnedPartitions } from '../partition/partition.ts';
import type { GridStorage } from '../thread/grid-storage.ts';
import type { HostRow } from '../thread/supervised-host.ts';
import type { CoreMember, RecoveryListener, Wired, WireMember } from './core-member.ts';

const inlineHostId = 1;

export interface InlineHost {
  readonly member: Member;
  rows(): HostRow[];
}

/** Makes the host's member, wires it and connects it with the client's. */
export async function startInlineHost<Api extends Wired>(
  client: CoreMember,
  wire: WireMember<Api>,
  memoryBytes: number,
  storage: GridStorage | undefined,
  progress: RecoveryListener,
): Promise<InlineHost> {
  const { member: main, definitions, placement, settings } = client;
  const identity: MemberIdentity = {
    id: inlineHostId,
    incarnation: 1,
    memory: new SharedArrayBuffer(memoryBytes),
    callMemory: new SharedArrayBuffer(callMemoryBytes),
  };
  const member = new Member(identity, main.shared, main.errors);
  const partitions = placement.partitionsOf(inlineHostId);
  storage?.connectInline(member);
  const { opened } = wire(
    {
      member,
      isHost: true,
      definitions,
      placement,
      owned: new OwnedPartitions(),
      assigned: partitions.map((id) => ({ id, incarnation: main.shared.incarnationOf(id) })),
      settings,
      storage: client.storage,
    },
    progress,
  );
  await opened;
  connectInMemory(main, member);
  return {
    member,
    rows: () => [
      {
        host: 0,
        threadId: undefined,
        incarnation: 1,
        state: member.closed ? 'closed' : 'serving',
        partitions,
      },
    ],
  };
}

/** Connects two members of this thread. */
export function connectInMemory(a: Member, b: Member): void {
  a.connect(identityOf(b), (receiveAtA) => {
    let atA: FrameTransport | undefined;
    b.connect(identityOf(a), (receiveAtB) => {
      const [first, second] = memoryTransports(receiveAtA, receiveAtB);
      atA = first;
      return second;
    });
    return atA as unknown as FrameTransport;
  });
}
