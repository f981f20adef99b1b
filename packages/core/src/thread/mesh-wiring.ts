/**
 * Connects new host threads with everybody alive: one MessageChannel per pair, nobody relays. A new host gets all of
 * its links in one message and attaches them in one turn, so it answers nobody before it could ask everybody; what the
 * others send it meanwhile waits in the ports.
 */
import type { MessagePort } from 'node:worker_threads';
import { MessageChannel } from 'node:worker_threads';
import { portTransport } from '../link/port-link.ts';
import type { Member } from '../mesh/member.ts';
import { identityOf, type MemberIdentity } from '../mesh/peer.ts';
import type { PeerConnection } from './control-messages.ts';
import type { HostRun } from './host-run.ts';

/** Connects `fresh` hosts with each other, with those that already serve, and with the member of the main thread. */
export function connectHosts(main: Member, serving: readonly HostRun[], fresh: readonly HostRun[]): void {
  const peersOf = new Map<HostRun, PeerConnection[]>(fresh.map((run) => [run, []]));
  const toMain = fresh.map((run) => {
    const { port1, port2 } = new MessageChannel();
    peersOf.get(run)?.push({ identity: identityOf(main), port: port2 });
    return { run, port: port1 };
  });
  for (const [position, run] of fresh.entries()) {
    for (const other of [...serving, ...fresh.slice(0, position)]) {
      const { port1, port2 } = new MessageChannel();
      peersOf.get(run)?.push({ identity: other.identity, port: port1 });
      const peer: PeerConnection = { identity: run.identity, port: port2 };
      const collected = peersOf.get(other);
      if (collected === undefined) other.send({ type: 'connect', peer }, [port2]);
      else collected.push(peer);
    }
  }
  for (const [run, peers] of peersOf)
    run.send(
      { type: 'serve', peers },
      peers.map(({ port }) => port),
    );
  for (const { run, port } of toMain) connectPeer(main, run.identity, port);
}

/** Connects one member with another incarnation of a member, over a port. */
export function connectPeer(member: Member, identity: MemberIdentity, port: MessagePort): void {
  member.connect(identity, (receive) => portTransport(port, receive));
}
