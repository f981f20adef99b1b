/**
 * Calls of procedures: a request to the owner of the first key, which runs the transaction there, retries included.
 * Inside a transaction's body a procedure joins it and runs where the body runs.
 */
import type { CoreMember, MessageFamily, Peer } from '@troupe/core';
import {
  addCallSite,
  copiedBytes,
  copyValue,
  Family,
  HostLostError,
  InvalidArgumentError,
  PartitionLostError,
} from '@troupe/core';
import type { Closures } from './closures.ts';
import type { TransactionContext } from './context.ts';
import type { KeyPlacer } from './declared-keys.ts';
import { ProcedureOp } from './messages.ts';
import type { ProcedureDefinition } from './procedure.ts';
import type { RunOptions, TransactionBody } from './transaction.ts';
import { isThenable, type TransactionRun } from './transaction-run.ts';

type AnyProcedure = ProcedureDefinition<never, unknown>;

export class ProcedureCalls implements MessageFamily {
  readonly #core: CoreMember;
  readonly #keys: KeyPlacer;
  readonly #closures: Closures;
  readonly #context: TransactionContext;
  /** Calls that run here, by caller and request, so that a caller who gives up ends them. */
  readonly #running = new Map<Peer, Map<number, TransactionRun<unknown>>>();

  constructor(core: CoreMember, keys: KeyPlacer, closures: Closures, context: TransactionContext) {
    this.#core = core;
    this.#keys = keys;
    this.#closures = closures;
    this.#context = context;
    core.member.register(Family.procedure, this);
  }

  async call(procedure: AnyProcedure, args: readonly unknown[], options?: RunOptions): Promise<unknown> {
    try {
      return await this.#call(procedure, args, options);
    } catch (error) {
      const told = error instanceof HostLostError ? ownerLost(procedure, error) : error;
      addCallSite(told);
      throw told;
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
    const message: unknown[] = [ProcedureOp.call, 0, id, copies, options?.timeoutMs];
    if (options?.priority !== undefined) message.push(options.priority);
    return this.#core.member.request(owner, message, bytes, options);
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
    this.#running.get(from)?.get(requestId)?.kill();
  }

  peerLost(peer: Peer): void {
    for (const run of this.#running.get(peer)?.values() ?? []) run.kill();
    this.#running.delete(peer);
  }

  async #run(message: readonly unknown[], requestId: number, from: Peer): Promise<unknown> {
    const procedure = this.#core.definitions.mustGet('procedure', message[2] as number) as AnyProcedure;
    const args = message[3] as readonly unknown[];
    const timeoutMs = message[4] as number | undefined;
    const priority = message[5] as number | undefined;
    const keys = this.#declared(procedure, args);
    const options = {
      keys,
      label: procedure.name,
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
      ...(priority === undefined ? {} : { priority }),
    };
    const run = this.#closures.prepare(bodyOf(procedure, args), options);
    this.#callsOf(from).set(requestId, run);
    try {
      return await run.start();
    } finally {
      this.#running.get(from)?.delete(requestId);
    }
  }

  #callsOf(peer: Peer): Map<number, TransactionRun<unknown>> {
    let calls = this.#running.get(peer);
    if (calls === undefined) {
      calls = new Map<number, TransactionRun<unknown>>();
      this.#running.set(peer, calls);
    }
    return calls;
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

/** The thread that ran it is gone, with the partition of its first key, so it is not to be repeated blindly. */
function ownerLost(procedure: AnyProcedure, cause: HostLostError): PartitionLostError {
  return new PartitionLostError(
    `the thread that ran procedure '${procedure.name}' ended before it answered; whether it had committed is unknown, what it had changed there is gone`,
    { cause, details: { ...cause.details, procedure: procedure.name, outcome: 'unknown' } },
  );
}
