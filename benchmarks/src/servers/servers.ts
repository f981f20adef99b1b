/** The servers of one run: each is started when the first subject needs it, and all are stopped at the end. */
import { isBuiltin } from 'node:module';
import type { Subject } from '../scenario.ts';
import { startPostgres } from './postgres-server.ts';
import { startRedis } from './redis-server.ts';
import { addressVariable, type RunningServer, ServerMissingError, type ServerName } from './server.ts';

type Need = NonNullable<Subject['needs']>;

/** Whether what a subject needs is there. */
export type Provision =
  | { readonly kind: 'there'; readonly version?: string }
  | { readonly kind: 'missing'; readonly reason: string };

const starters: Record<ServerName, () => Promise<RunningServer>> = {
  redis: startRedis,
  postgres: () => startPostgres('postgres'),
  'postgres-durable': () => startPostgres('postgres-durable'),
};

export class Servers {
  readonly #running = new Map<ServerName, RunningServer>();
  readonly #missing = new Map<ServerName, string>();
  readonly #starters: typeof starters;

  constructor(given: typeof starters = starters) {
    this.#starters = given;
  }

  /** Sees that `need` is there, starting it if it can be started. */
  async provide(need: Need | undefined): Promise<Provision> {
    if (need === undefined) return { kind: 'there' };
    if (need === 'node:sqlite') {
      return isBuiltin(need)
        ? { kind: 'there' }
        : {
            kind: 'missing',
            reason: `node:sqlite comes with Node 22.13 and newer, this is ${process.version}`,
          };
    }
    return this.#provideServer(need);
  }

  async #provideServer(name: ServerName): Promise<Provision> {
    const reason = this.#missing.get(name);
    if (reason !== undefined) return { kind: 'missing', reason };
    try {
      const server = this.#running.get(name) ?? (await this.#starters[name]());
      this.#running.set(name, server);
      return { kind: 'there', version: server.version };
    } catch (error) {
      if (!(error instanceof ServerMissingError)) throw error;
      this.#missing.set(name, error.message);
      return { kind: 'missing', reason: error.message };
    }
  }

  /** What subjects' processes need in their environment. */
  environment(): Record<string, string> {
    return Object.fromEntries(
      [...this.#running].map(([name, { address }]) => [addressVariable(name), address]),
    );
  }

  async stop(): Promise<void> {
    const running = [...this.#running.values()];
    this.#running.clear();
    await Promise.all(running.map((server) => server.stop()));
  }
}
