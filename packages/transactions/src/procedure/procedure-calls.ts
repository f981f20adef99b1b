/**
 * Calls of procedures: a request to the owner of the first key, which runs the transaction there, retries included.
 * Inside a transaction's body a procedure joins it and runs where the body runs.
 */
import type { CallOptions, CoreMember, MessageFamily, Peer, RequestContext } from '@troupe/core';
import {
  addCallSite,
  arrayOf,
  contextBytes,
  contextOfMessage,
  copiedBytes,
  copyValue,
  Family,
  InvalidArgumentError,
  onAbort,
  RequestRing,
  runCalled,
  sendTraced,
  validatedArguments,
} from '@troupe/core';
import type { OpenTransaction, TransactionContext } from '../attempt/context.ts';
import type { KeyPlacer } from '../attempt/declared-keys.ts';
import type { DeclaredKeys, RunOptions, Transaction, TransactionBody } from '../attempt/transaction.ts';
import type { Durability } from '../protocol/decision.ts';
import { ProcedureOp } from '../protocol/messages.ts';
import type { Closures } from '../run/closures.ts';
import type { RunSettings, TransactionRun } from '../run/transaction-run.ts';
import type { ProcedureDefinition } from './procedure.ts';
import { CallCell, cellsOf, noTicket, ProcedureCells } from './procedure-cells.ts';
import { ProcedureOutcomes, UnansweredCall } from './procedure-outcome.ts';

/** Where a `call` has the context of its request. */
const contextPosition = 9;

type AnyProcedure = ProcedureDefinition<never, unknown>;

/** The run of a call. */
class CalledRun {
  readonly requestId: number;
  readonly run: TransactionRun<unknown>;

  constructor(requestId: number, run: TransactionRun<unknown>) {
    this.requestId = requestId;
    this.run = run;
  }
}

/** How a call is run: what the procedure says, and what its message has brought. */
class CalledSettings implements RunSettings {
  readonly keys: DeclaredKeys;
  readonly label: string;
  readonly procedure: string;
  readonly answerName: string;
  readonly report: CallCell | undefined;
  readonly timeoutMs: number | undefined;
  readonly idempotencyKey: string | undefined;
  readonly priority: number | undefined;
  readonly durability: Durability | undefined;

  constructor(
    procedure: AnyProcedure,
    keys: DeclaredKeys,
    message: readonly unknown[],
    report: CallCell | undefined,
  ) {
    this.keys = keys;
    this.label = procedure.name;
    this.procedure = procedure.name;
    this.answerName = answerNameOf(procedure);
    this.report = report;
    this.timeoutMs = message[4] as number | undefined;
    this.idempotencyKey = message[6] as string | undefined;
    this.priority = message[7] as number | undefined;
    this.durability = message[8] as Durability | undefined;
  }
}

/** A member that calls procedures here. */
interface Caller {
  /** Its calls that run, by request, so that a caller who gives up ends them. */
  readonly runs: RequestRing<CalledRun>;
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

  call(procedure: AnyProcedure, args: readonly unknown[], options?: RunOptions): Promise<unknown> {
    try {
      const id = this.#core.definitions.idOf(procedure, 'procedure');
      const traced = { kind: 'procedure', name: procedure.name } as const;
      const send = (context: RequestContext | undefined): Promise<unknown> =>
        this.#send(procedure, id, args, options, context);
      return sendTraced(this.#core.member, traced, send);
    } catch (error) {
      return Promise.reject(error as Error);
    }
  }

  async #send(
    procedure: AnyProcedure,
    id: number,
    args: readonly unknown[],
    options: RunOptions | undefined,
    context: RequestContext | undefined,
  ): Promise<unknown> {
    let call: UnansweredCall | undefined;
    try {
      const copies = copyValue(
        checkedArguments(procedure, args),
        `the arguments of procedure '${procedure.name}'`,
      );
      const bytes = copiedBytes() + contextBytes(context);
      const current = this.#context.current();
      if (current !== undefined) return await this.#join(current, this.#procedure(id), copies, options);
      call = this.#placed(procedure, copies, options);
      const message = arrayOf<unknown>(ProcedureOp.call, 0, id, copies, options?.timeoutMs, call.ticket);
      const { priority, durability } = options ?? {};
      if (call.idempotencyKey !== undefined || priority !== undefined || durability !== undefined)
        message.push(call.idempotencyKey, priority, durability);
      if (context !== undefined) {
        while (message.length < contextPosition) message.push(undefined);
        message.push(context);
      }
      const { member } = this.#core;
      const { owner } = call;
      return options?.signal === undefined
        ? await member.request(owner, message, bytes, options)
        : await this.#untilAborted(call, options, (own) => member.request(owner, message, bytes, own));
    } catch (error) {
      const told = call === undefined ? error : await this.#told(error, call);
      addCallSite(told);
      throw told;
    } finally {
      if (call !== undefined) this.#cells.release(call.ticket);
    }
  }

  #procedure(id: number): AnyProcedure {
    return this.#core.definitions.mustGet('procedure', id) as AnyProcedure;
  }

  #join(
    current: OpenTransaction,
    procedure: AnyProcedure,
    args: readonly unknown[],
    options: RunOptions | undefined,
  ): Promise<unknown> {
    const body = bodyOf(procedure, args);
    const name = answerNameOf(procedure);
    const copied = async (tx: Transaction): Promise<unknown> => {
      const answer = await body(tx);
      return answer === undefined ? undefined : copyValue(answer, name);
    };
    return current.transaction(copied, { ...options, keys: this.#declared(procedure, args) });
  }

  #placed(
    procedure: AnyProcedure,
    args: readonly unknown[],
    options: RunOptions | undefined,
  ): UnansweredCall {
    const [first] = this.#declared(procedure, args);
    if (first === undefined) {
      throw new InvalidArgumentError(
        `keys of procedure '${procedure.name}' must name at least one key: it runs at the owner of the first`,
      );
    }
    const { partition } = this.#keys.placeOne(first, `keys[0] of procedure '${procedure.name}'`);
    const owner = this.#core.placement.ownerOf(partition);
    return new UnansweredCall(procedure.name, owner, this.#cells.take(), options?.idempotencyKey);
  }

  /** What the caller is told, which knows what became of a call that was not answered. */
  #told(error: unknown, call: UnansweredCall): unknown {
    return this.#core.member.wasUnanswered(error) ? this.#outcomes.told(error, call) : error;
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
    const { member } = this.#core;
    try {
      const { runs } = this.#callerOf(from);
      const run = this.#prepare(message, from);
      runs.add(new CalledRun(requestId, run));
      run.startFor(
        (answer) => {
          runs.take(requestId);
          member.replyOwned(from, requestId, answer);
        },
        (error) => {
          runs.take(requestId);
          member.fail(from, requestId, error);
        },
      );
    } catch (error) {
      member.fail(from, requestId, error);
    }
  }

  cancelled(requestId: number, from: Peer): void {
    this.#callers.get(from)?.runs.get(requestId)?.run.kill();
  }

  peerLost(peer: Peer): void {
    this.#outcomes.peerLost(peer);
    for (const { run } of this.#callers.get(peer)?.runs.all() ?? []) run.kill();
    this.#callers.delete(peer);
  }

  #prepare(message: readonly unknown[], from: Peer): TransactionRun<unknown> {
    const procedure = this.#core.definitions.mustGet('procedure', message[2] as number) as AnyProcedure;
    const args = message[3] as readonly unknown[];
    const ticket = message[5] as number;
    const report = ticket === noTicket ? undefined : new CallCell(this.#callerOf(from).cells, ticket);
    const settings = new CalledSettings(procedure, this.#declared(procedure, args), message, report);
    return this.#closures.prepare(this.#bodyOf(procedure, args, message[contextPosition]), settings);
  }

  /** The body in the context that its call has brought. Each attempt is one run of it. */
  #bodyOf(procedure: AnyProcedure, args: readonly unknown[], context: unknown): TransactionBody<unknown> {
    const { member } = this.#core;
    const body = bodyOf(procedure, args);
    if (context === undefined && member.tracer === undefined) return body;
    const brought = contextOfMessage(context);
    const called = { kind: 'procedure', name: procedure.name } as const;
    return (tx) =>
      runCalled(
        member,
        called,
        brought,
        () => ({ 'troupe.host': member.self.id - 1 }),
        () => body(tx),
      );
  }

  #callerOf(peer: Peer): Caller {
    let caller = this.#callers.get(peer);
    if (caller === undefined) {
      caller = { runs: new RequestRing<CalledRun>(), cells: cellsOf(peer.memory) };
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

function checkedArguments(
  { args: schemas, name }: AnyProcedure,
  args: readonly unknown[],
): readonly unknown[] {
  if (schemas === undefined) return args;
  return validatedArguments(schemas, args, (index) => `argument ${index + 1} of procedure '${name}'`);
}

function bodyOf(procedure: AnyProcedure, args: readonly unknown[]): TransactionBody<unknown> {
  return (tx) => procedure.run(tx, ...(args as never));
}

const answerNames = new WeakMap<AnyProcedure, string>();

/** Made once: a text for each call would be a string for each. */
function answerNameOf(procedure: AnyProcedure): string {
  let name = answerNames.get(procedure);
  if (name === undefined) {
    name = `the answer of procedure '${procedure.name}'`;
    answerNames.set(procedure, name);
  }
  return name;
}
