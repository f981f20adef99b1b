/**
 * The roles as actors of a grid, loaded on every host. A role's methods are the actor's; what is around them is made
 * once on each thread.
 *
 * How a run ends: the service asks the actor `ending` for the result, and that turn waits. Whoever is done tells the
 * actor `finish`, which has the same key, so it lives on the same thread and can wake the turn.
 */
import { subscribe } from 'node:diagnostics_channel';
import { threadId } from 'node:worker_threads';
import { actor, type Client } from 'troupe';
import type { Program, Role, World } from '../program.ts';
import { programs } from '../programs/programs.ts';

/** Floods of a program wait here; a bound that is hit would lose messages, and the run would not end. */
const mailboxLengthMax = 100_000_000;

/** A message that was refused or failed in an actor. */
interface LostTell {
  readonly event: string;
  readonly actor: string;
  readonly method: string;
  readonly error: unknown;
}

type ActorClient = Pick<Client, 'actor' | 'tell'>;
type Sends = Readonly<Record<string, (...args: readonly number[]) => Promise<void>>>;
type Asks = Readonly<Record<string, (...args: readonly number[]) => Promise<unknown>>>;

/** The actors through a client of the grid. References are kept, as a program would. */
export class TroupeWorld implements World {
  readonly client: ActorClient;
  readonly #sends: References<Sends>;
  readonly #asks: References<Asks>;

  constructor(client: ActorClient) {
    this.client = client;
    this.#sends = new References((definition, key) => client.tell(definition, key) as unknown as Sends);
    this.#asks = new References((definition, key) => client.actor(definition, key) as unknown as Asks);
  }

  send(role: Role, key: number, method: string, ...args: readonly number[]): void {
    void this.sendPaced(role, key, method, ...args);
  }

  sendPaced(role: Role, key: number, method: string, ...args: readonly number[]): Promise<void> {
    const to = this.#sends.to(role, key);
    return (to[method] as Sends[string]).call(to, ...args);
  }

  ask(role: Role, key: number, method: string, ...args: readonly number[]): Promise<unknown> {
    const of = this.#asks.to(role, key);
    return (of[method] as Asks[string]).call(of, ...args);
  }

  done(result: number): void {
    void this.client.tell(finish, endingKey).done(result);
  }

  failed(reason: string): void {
    void this.client.tell(finish, endingKey).failed(reason);
  }
}

/** References to actors, each made when it is needed first. */
class References<R> {
  readonly #make: (definition: RoleActor, key: number) => R;
  readonly #byRole = new Map<Role, Map<number, R>>();

  constructor(make: (definition: RoleActor, key: number) => R) {
    this.#make = make;
  }

  to(role: Role, key: number): R {
    if (role.isTransient === true) return this.#make(definitionOf(role), key);
    let ofRole = this.#byRole.get(role);
    if (ofRole === undefined) {
      ofRole = new Map();
      this.#byRole.set(role, ofRole);
    }
    let reference = ofRole.get(key);
    if (reference === undefined) {
      reference = this.#make(definitionOf(role), key);
      ofRole.set(key, reference);
    }
    return reference;
  }
}

/** The world of this thread. A thread may see several grids, one after the other. */
let here: TroupeWorld | undefined;

function worldOf(client: ActorClient): TroupeWorld {
  if (here?.client.tell !== client.tell) here = new TroupeWorld(client);
  return here;
}

type RoleActor = ReturnType<typeof actorOf>;

function actorOf(role: Role) {
  const methods = Object.entries(role.methods).map(([name, method]) => [
    name,
    (context: ActorClient & { state: object }, ...args: number[]) =>
      method(worldOf(context), context.state as never, ...args),
  ]);
  return actor(role.name, {
    state: role.state,
    methods: Object.fromEntries(methods) as Record<
      string,
      (context: ActorClient & { state: object }, ...args: number[]) => unknown
    >,
    mailboxLengthMax,
  });
}

const byName = new Map<string, RoleActor>();

function definitionOf(role: Role): RoleActor {
  const definition = byName.get(role.name);
  if (definition === undefined) throw new Error(`there is no actor ${role.name}`);
  return definition;
}

/** The actors of a program. Programs that share a role share the actor. */
function actorsOf({ roles }: Program): readonly RoleActor[] {
  return roles.map((role) => {
    const definition = byName.get(role.name) ?? actorOf(role);
    byName.set(role.name, definition);
    return definition;
  });
}

export const [ping, pong] = actorsOf(programs['ping-pong']);
export const [producer, counter] = actorsOf(programs.counting);
export const [creator, newcomer, join] = actorsOf(programs['fork-join-create']);
export const [dealer, worker] = actorsOf(programs['fork-join-throughput']);
export const [ring] = actorsOf(programs['thread-ring']);
export const [mall, creature] = actorsOf(programs.chameneos);
export const [pinger, sink] = actorsOf(programs.big);
export const [reader, dictionary] = actorsOf(programs.dictionary);
export const [buffer, maker, eater] = actorsOf(programs['producer-consumer']);
export const [teller, account] = actorsOf(programs.banking);

/** Where an actor with this key lives. */
export const locator = actor('locator', {
  state: (_key: number) => ({}),
  methods: { thread: () => threadId },
});

export const endingKey = 0;

let ended: { readonly result: number } | { readonly reason: string } | undefined;
let wake: () => void = () => undefined;

export const ending = actor('ending', {
  state: (_key: number) => ({}),
  methods: {
    async result(): Promise<number> {
      if (ended === undefined) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      const how = ended;
      ended = undefined;
      if (how !== undefined && 'result' in how) return how.result;
      throw new Error(how?.reason ?? 'the program has not ended');
    },
  },
});

export const finish = actor('finish', {
  state: (_key: number) => ({}),
  methods: {
    done(_, result: number) {
      ended = { result };
      wake();
    },
    failed(_, reason: string) {
      ended = { reason };
      wake();
    },
  },
});

subscribe('troupe.actor', (message) => {
  const { event, actor: name, method, error } = message as LostTell;
  here?.failed(`${event}: ${name}.${method}: ${error instanceof Error ? error.message : String(error)}`);
});
