/**
 * Calls of procedures: a request to the owner of the first key, which runs the transaction there, retries included.
 * Inside a transaction's body a procedure joins it and runs where the body runs.
 */
import type { CallOptions, CoreMember, MessageFamily, Peer } from '@troupe/core';
import { addCallSite, copiedBytes, copyValue, Family, InvalidArgumentError, onAbort } from '@troupe/core';
import type { AttemptReport } from './attempt-ground.ts';
import type { Closures } from './closures.ts';
import type { TransactionContext } from './context.ts';
import type { Durability } from './decision.ts';
import type { KeyPlacer } from './declared-keys.ts';
import { ProcedureOp } from './messages.ts';
import type { ProcedureDefinition } from './procedure.ts';
import { CallCell, cellsOf, noTicket, ProcedureCells } from './procedure-cells.ts';
import { ProcedureOutcomes, type UnansweredCall } from './procedure-outcome.ts';
import type { RunOptions, TransactionBody } from './transaction.ts';
import { isThenable } from './transaction-body.ts';
import type { TransactionRun } from './transaction-run.ts';

type AnyProcedure = ProcedureDefinition<never, unknown>;

/** A member that calls procedures here. */
interface Caller {
  /** Its calls that run, by request, so that a caller who gives up ends them. */
  readonly runs: Map<number, TransactionRun<unknown>>;
  /** Its cells, where the attempts of its calls are noted. */
  readonly cells: Int32Array;
}

export class ProcedureCalls implements MessageFamily {
  readonly #core: CoreMember;
  readonly #keys: KeyPlacer;
  readonly #closures: Closures;
  readonly #context: TransactionContext;
  /** For the calls that this member makes. */
  readonly #cells: ProcedureCells;
  readonly #outcomes: ProcedureOutcomes;
  readonly #callers = new Map<Peer, Caller>();

  constructor(core: CoreMember, keys: KeyPlacer, closures: Closures, context: TransactionContext) {
    this.#core = core;
    this.#keys = keys;
    this.#closures = closures;
    this.#context = context;
    this.#cells = new ProcedureCells(core.member.self.memory);
    this.#outcomes = new ProcedureOutcomes(core.member, this.#cells, core.storage !== undefined);
    core.member.register(Family.procedure, this);
  }

  async call(procedure: AnyProcedure, args: readonly unknown[], options?: RunOptions): Promise<unknown> {
    try {
      return await this.#call(procedure, args, options);
    } catch (error) {
      addCallSite(error);
      throw error;
    }
  }

  async #call(procedure: AnyProcedure, args: readonly unknown[], options?: RunOptions): Promise<unknown> {
    const id = this.#core.definitions.idOf(procedure, 'procedure');
    const copies = copyValue(args, `the arguments of procedure '${procedure.name}'`);
    const bytes = copiedBytes();
    const current = this.#context.current();
    if (current !== undefined) {
      return current.transaction(bodyOf(procedure, copies), {
        ...options,
        keys: this.#declared(procedure, copies),
      });
    }
    const [first] = this.#declared(procedure, copies);
    if (first === undefined) {
      throw new InvalidArgumentError(
        `keys of procedure '${procedure.name}' must name at least one key: it runs at the owner of the first`,
      );
    }
    const { partition } = this.#keys.placeOne(first, `keys[0] of procedure '${procedure.name}'`);
    const owner = this.#core.placement.ownerOf(partition);
    const ticket = this.#cells.take();
    const message: unknown[] = [ProcedureOp.call, 0, id, copies, options?.timeoutMs, ticket];
    const idempotencyKey = options?.idempotencyKey;
    const priority = options?.priority;
    const durability = options?.durability;
    if (idempotencyKey !== undefined || priority !== undefined || durability !== undefined)
      message.push(idempotencyKey, priority, durability);
    const { member } = this.#core;
    try {
      return options?.signal === undefined
        ? await member.request(owner, message, bytes, options)
        : await this.#untilAborted(
            { procedure: procedure.name, owner, ticket, idempotencyKey },
            options,
            (own) => member.request(owner, message, bytes, own),
          );
    } catch (error) {
      if (!member.wasUnanswered(error)) throw error;
      throw await this.#outcomes.told(error, { procedure: procedure.name, owner, ticket, idempotencyKey });
    } finally {
      this.#cells.release(ticket);
    }
  }

  /** A signal ends the call only while nothing is decided; else the answer is on its way and ends it. */
  async #untilAborted<T>(
    call: UnansweredCall,
    { timeoutMs, signal }: CallOptions,
    request: (options: CallOptions) => Promise<T>,
  ): Promise<T> {
    signal?.throwIfAborted();
    const own = new AbortController();
    const abort = async (): Promise<void> => {
      if ((await this.#outcomes.outcomeOf(call)) !== 'committed') own.abort(signal?.reason);
    };
    const unlisten = signal && onAbort(signal, () => void abort());
    try {
      return await request({ timeoutMs, signal: own.signal });
    } finally {
      unlisten?.();
    }
  }

  /** A call from a member that knows this one to own the first key. */
  receive(message: readonly unknown[], from: Peer): void {
    const requestId = message[1] as number;
    void this.#run(message, requestId, from).then(
      (answer) => this.#core.member.replyOwned(from, requestId, answer),
      (error: unknown) => this.#core.member.fail(from, requestId, error),
    );
  }

  cancelled(requestId: number, from: Peer): void {
    this.#callers.get(from)?.runs.get(requestId)?.kill();
  }

  peerLost(peer: Peer): void {
    this.#outcomes.peerLost(peer);
    for (const run of this.#callers.get(peer)?.runs.values() ?? []) run.kill();
    this.#callers.delete(peer);
  }

  async #run(message: readonly unknown[], requestId: number, from: Peer): Promise<unknown> {
    const procedure = this.#core.definitions.mustGet('procedure', message[2] as number) as AnyProcedure;
    const args = message[3] as readonly unknown[];
    const timeoutMs = message[4] as number | undefined;
    const keys = this.#declared(procedure, args);
    const idempotencyKey = message[6] as string | undefined;
    const { runs, cells } = this.#callerOf(from);
    const ticket = message[5] as number;
    const priority = message[7] as number | undefined;
    const durability = message[8] as Durability | undefined;
    const report: AttemptReport | undefined = ticket === noTicket ? undefined : new CallCell(cells, ticket);
    const run = this.#closures.prepare(bodyOf(procedure, args), {
      keys,
      label: procedure.name,
      procedure: procedure.name,
      timeoutMs,
      report,
      ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
      ...(priority === undefined ? {} : { priority }),
      ...(durability === undefined ? {} : { durability }),
    });
    runs.set(requestId, run);
    try {
      return await run.start();
    } finally {
      runs.delete(requestId);
    }
  }

  #callerOf(peer: Peer): Caller {
    let caller = this.#callers.get(peer);
    if (caller === undefined) {
      caller = { runs: new Map<number, TransactionRun<unknown>>(), cells: cellsOf(peer.memory) };
      this.#callers.set(peer, caller);
    }
    return caller;
  }

  #declared(procedure: AnyProcedure, args: readonly unknown[]): ReturnType<AnyProcedure['keys']> {
    const keys = procedure.keys(...(args as never));
    if (!Array.isArray(keys)) {
      throw new InvalidArgumentError(`keys of procedure '${procedure.name}' must answer an array of keys`, {
        details: { argument: 'keys' },
      });
    }
    return keys;
  }
}

/** Its answer is copied within the transaction: one that can't be sent undoes what the procedure wrote. */
function bodyOf(procedure: AnyProcedure, args: readonly unknown[]): TransactionBody<unknown> {
  return (tx) => {
    const answer = procedure.run(tx, ...(args as never));
    return isThenable(answer) ? answer.then((value) => copyOf(procedure, value)) : copyOf(procedure, answer);
  };
}

function copyOf(procedure: AnyProcedure, answer: unknown): unknown {
  return answer === undefined ? undefined : copyValue(answer, `the answer of procedure '${procedure.name}'`);
}
