/** Redis without snapshots and append-only file. */
import { Redis } from 'ioredis';
import {
  findProgram,
  freePort,
  launch,
  type RunningServer,
  ServerMissingError,
  temporaryFolder,
  versionOfProgram,
} from './server.ts';

export async function startRedis(): Promise<RunningServer> {
  const program = findProgram('redis-server', ['/usr/bin', '/usr/local/bin', '/opt/homebrew/bin']);
  if (program === undefined) {
    throw new ServerMissingError(
      'redis-server is not installed (apt-get install redis-server, or brew install redis)',
    );
  }
  const port = await freePort();
  const folder = temporaryFolder('redis');
  const settings = { port, bind: '127.0.0.1', save: '', appendonly: 'no', dir: folder, maxclients: 2_000 };
  const stop = await launch({
    program,
    args: Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]),
    folder,
    probe: () => ping(port),
    stopSignal: 'SIGTERM',
  });
  return { version: `redis-server ${versionOfProgram(program)}`, address: String(port), stop };
}

async function ping(port: number): Promise<void> {
  const client = new Redis({ port, host: '127.0.0.1', lazyConnect: true, retryStrategy: () => null });
  // Without a listener it writes to the console while the server is on its way.
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.ping();
  } finally {
    client.disconnect();
  }
}
