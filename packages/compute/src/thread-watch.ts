/**
 * The watch over blocked threads: each host beats, the main thread looks. What it finds is reported; with `terminate`
 * the thread is killed if a job may be what blocks it, and the verdict is left in its memory for the callers.
 */
import type { BlockedJob, Definitions, HostBlocked, Member, Peer, WorkBoard } from '@troupe/core';
import { BlockedWatch } from './blocked-watch.ts';
import { definitionOnBoard } from './board-number.ts';
import type { RunnerPorts } from './event-loop-ports.ts';
import { blockedLooks } from './limits.ts';

/** What the watch needs of the grid. */
export interface BlockedPort {
  blocked(report: HostBlocked): void;
  /** Kills the thread of a host. */
  terminate(host: number): void;
}

export interface ThreadWatchOptions {
  readonly member: Member;
  readonly definitions: Definitions;
  readonly ports: RunnerPorts;
  readonly blockedMsMax: number;
  readonly terminates: boolean;
}

/** Lets others see that the event loop of this thread turns. Answers what stops it. */
export function startBeating(board: WorkBoard, blockedMsMax: number, ports: RunnerPorts): () => void {
  board.beat();
  return ports.every(blockedMsMax / blockedLooks / 2, () => board.beat());
}

/** Looks at all hosts from now on. Answers what stops it. */
export function startWatching(options: ThreadWatchOptions, port: BlockedPort): () => void {
  const { member, ports, blockedMsMax } = options;
  const watch = new BlockedWatch(blockedLooks);
  const hosts = Array.from({ length: member.shared.memberCount - 1 }, (_, host) => host);
  return ports.every(blockedMsMax / blockedLooks, () => {
    const threads = hosts.flatMap((host) => {
      const peer = member.tryPeer(host + 1);
      const board = peer?.calls?.board;
      if (peer === undefined || board === undefined) return [];
      return [{ host, incarnation: peer.incarnation, beats: board.beats, peer, board }];
    });
    for (const { peer, board } of watch.look(threads)) found(options, port, peer, board);
  });
}

function found(options: ThreadWatchOptions, port: BlockedPort, peer: Peer, board: WorkBoard): void {
  const { definitions, blockedMsMax, terminates } = options;
  const host = peer.id - 1;
  const work = board.current === undefined ? board.waiting : [board.current];
  const jobs = work.map(({ id, definition }): BlockedJob => {
    const { kind, id: number } = definitionOnBoard(definition);
    return { execution: id, job: definitions.mustGet(kind, number).name };
  });
  const terminated = terminates && jobs.length > 0;
  if (terminated) board.condemn(blockedMsMax);
  port.blocked({ host, incarnation: peer.incarnation, blockedMs: blockedMsMax, jobs, terminated });
  if (terminated) port.terminate(host);
}
