/**
 * PostgreSQL in a fresh cluster, without flushes or with them. It refuses to run as root, so root starts it as the user `postgres` or
 * `nobody`.
 */
import { spawnSync } from 'node:child_process';
import { chownSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from 'pg';
import {
  findProgram,
  freePort,
  launch,
  type RunningServer,
  ServerMissingError,
  temporaryFolder,
  versionFolders,
  versionOfProgram,
} from './server.ts';

const connectionsMax = 100;
type Name = 'postgres' | 'postgres-durable';
const durability: Record<Name, Readonly<Record<string, string>>> = {
  postgres: { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' },
  'postgres-durable': { fsync: 'on', synchronous_commit: 'on', full_page_writes: 'on' },
};
const settings = {
  autovacuum: 'off',
  shared_buffers: '512MB',
  max_connections: String(connectionsMax),
  max_pred_locks_per_transaction: '256',
};

export async function startPostgres(name: Name): Promise<RunningServer> {
  const folders = versionFolders('/usr/lib/postgresql', 'bin');
  const program = findProgram('postgres', folders);
  const initdb = findProgram('initdb', folders);
  if (program === undefined || initdb === undefined) {
    throw new ServerMissingError(
      'PostgreSQL is not installed (apt-get install postgresql, or brew install postgresql)',
    );
  }
  const folder = temporaryFolder(name);
  const asUser = unprivileged();
  if (asUser !== undefined) chownSync(folder, asUser.uid, asUser.gid);
  const data = join(folder, 'data');
  const initArgs = ['-D', data, '-U', 'bench', '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync'];
  const [initProgram, args] = commandFor(asUser, initdb, initArgs);
  const { status, stderr } = spawnSync(initProgram, args, { cwd: folder, encoding: 'utf8' });
  if (status !== 0) throw new Error(`initdb failed: ${stderr.trim()}`);

  const port = await freePort();
  const options = Object.entries({ ...settings, ...durability[name] }).flatMap(([setting, value]) => [
    '-c',
    `${setting}=${value}`,
  ]);
  const where = ['-D', data, '-h', '127.0.0.1', '-p', String(port), '-k', folder];
  const [server, serverArgs] = commandFor(asUser, program, [...where, ...options]);
  const address = `postgres://bench@127.0.0.1:${port}/postgres`;
  const stop = await launch({
    program: server,
    args: serverArgs,
    folder,
    probe: () => connectOnce(address),
    stopSignal: 'SIGINT',
  });
  return { version: `PostgreSQL ${versionOfProgram(program)}`, address, stop };
}

interface User {
  readonly uid: number;
  readonly gid: number;
}

/** Who runs it: undefined for whoever runs this. */
function unprivileged(): User | undefined {
  if (process.getuid?.() !== 0) return undefined;
  for (const name of ['postgres', 'nobody']) {
    const [uid, gid] = ['-u', '-g'].map((flag) => spawnSync('id', [flag, name], { encoding: 'utf8' }));
    if (uid?.status === 0 && gid?.status === 0) return { uid: Number(uid.stdout), gid: Number(gid.stdout) };
  }
  throw new ServerMissingError(
    'PostgreSQL refuses to run as root, and there is neither a user postgres nor nobody to run it as',
  );
}

function commandFor(user: User | undefined, program: string, args: readonly string[]): [string, string[]] {
  if (user === undefined) return [program, [...args]];
  const setpriv = findProgram('setpriv');
  if (setpriv === undefined) {
    throw new ServerMissingError(
      'PostgreSQL refuses to run as root, and there is no setpriv (apt-get install util-linux)',
    );
  }
  const identity = ['--reuid', String(user.uid), '--regid', String(user.gid), '--clear-groups'];
  // Asked for again here: the change of user clears it.
  return [setpriv, [...identity, '--pdeathsig', 'KILL', program, ...args]];
}

async function connectOnce(connectionString: string): Promise<void> {
  const client = new Client({ connectionString });
  client.on('error', () => undefined);
  await client.connect();
  await client.end();
}
