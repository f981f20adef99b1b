/**
 * The host's side of its control port: connects and disconnects the member as the main thread says, and ends the host
 * when told to.
 */
import type { MessagePort } from 'node:worker_threads';
import { neverReached } from '../assert.ts';
import type { Member } from '../mesh/member.ts';
import type { ToHost, ToMain } from './control-messages.ts';
import { deferred } from './deferred.ts';
import { connectPeer } from './mesh-wiring.ts';

export class HostControl {
  readonly #port: MessagePort;
  readonly #ended = deferred<void>();
  #member: Member | undefined;

  constructor(port: MessagePort) {
    this.#port = port;
    port.on('message', (message: ToHost) => this.#receive(message));
    // The main thread is gone without a word: there is nobody left to serve.
    port.on('close', () => this.#ended.resolve());
  }

  /** Resolves when the host is to end: its links are closed. */
  get ended(): Promise<void> {
    return this.#ended.promise;
  }

  send(message: ToMain): void {
    this.#port.postMessage(message);
  }

  /** What becomes of the storage is told from now on, before the member may be connected to others. */
  recovering(member: Member): void {
    this.#member = member;
  }

  /** The member may be connected from now on. */
  ready(member: Member): void {
    this.#member = member;
    this.send({ type: 'ready' });
  }

  close(): void {
    this.#port.close();
  }

  #receive(message: ToHost): void {
    const member = this.#member;
    switch (message.type) {
      case 'serve':
        for (const { identity, port } of message.peers)
          if (member !== undefined) connectPeer(member, identity, port);
        break;
      case 'connect':
        if (member !== undefined) connectPeer(member, message.peer.identity, message.peer.port);
        break;
      case 'memberLost':
        member?.lose(message.member, message.incarnation);
        break;
      case 'memberFailed':
        member?.giveUp(message.member, message.reason);
        break;
      case 'drain':
        void this.#drain(member);
        break;
      case 'close':
        member?.close();
        this.#ended.resolve();
        break;
      default:
        neverReached(message, 'a control message');
    }
  }

  async #drain(member: Member | undefined): Promise<void> {
    await member?.idle();
    this.send({ type: 'drained' });
  }
}
