/**
 * The thread of the storage, from its first message to its last. It runs no user code, so nothing there throws, blocks or
 * ends it but the engine, and the grid never kills it before it has closed.
 */
import { type MessagePort, workerData } from 'node:worker_threads';
import { neverReached } from '../assert.ts';
import { ErrorRegistry, errorToWire } from '../errors/error-codec.ts';
import { StorageHost, type WireStorage } from '../grid/storage-host.ts';
import { Member } from '../mesh/member.ts';
import { SharedState } from '../mesh/shared-state.ts';
import { deferred } from './deferred.ts';
import { connectPeer } from './mesh-wiring.ts';
import type { FromStorage, StorageStart, ToStorage } from './storage-messages.ts';

/** Runs the storage on this thread; resolves when it has closed. The facade's thread entry calls this. */
export async function runStorage(wire: WireStorage): Promise<void> {
  const start = workerData as StorageStart;
  const { control } = start;
  const send = (message: FromStorage): void => control.postMessage(message);
  try {
    const host = await StorageHost.open(
      start,
      wire,
      (progress) => send({ type: 'progress', progress }),
      'own',
    );
    const ended = serveControl(control, host, send);
    send({ type: 'opened', opened: host.opened });
    await ended;
    send({ type: 'closed' });
  } catch (error) {
    send({ type: 'failed', error: errorToWire(error) });
  }
  control.close();
}

/** Resolves when the engine has closed. */
function serveControl(
  control: MessagePort,
  host: StorageHost,
  send: (message: FromStorage) => void,
): Promise<void> {
  const ended = deferred<void>();
  const errors = new ErrorRegistry();
  let member: Member | undefined;
  const close = (): void => {
    host.close().then(
      () => ended.resolve(),
      (error: unknown) => ended.reject(error),
    );
  };
  const receive = (message: ToStorage): void => {
    switch (message.type) {
      case 'serve': {
        const { buffer, partitionCount, memberCount } = message.shared;
        const shared = new SharedState(buffer, partitionCount, memberCount);
        member = new Member(message.identity, shared, errors);
        host.serve(member, (error) => send({ type: 'broken', error: errorToWire(error) }));
        break;
      }
      case 'connect':
        if (member !== undefined) connectPeer(member, message.peer.identity, message.peer.port);
        break;
      case 'memberLost':
        member?.lose(message.member, message.incarnation);
        break;
      case 'backup':
        host.backup(message.path).then(
          () => send({ type: 'backedUp', id: message.id }),
          (error: unknown) => send({ type: 'backedUp', id: message.id, error: errorToWire(error) }),
        );
        break;
      case 'close':
        close();
        break;
      default:
        neverReached(message, 'a message to the storage');
    }
  };
  control.on('message', receive);
  // The main thread is gone without a word: what was appended is made durable, for nobody.
  control.on('close', close);
  return ended.promise;
}
