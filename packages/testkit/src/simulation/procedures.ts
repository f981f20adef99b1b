/**
 * Procedures: transactions that the owner of their first key runs for a caller, retries included. A request names its
 * call; what belongs to the record keeping, and not to the protocol, is found here by that name.
 */
import { ProcedureOp } from '@troupe/transactions';
import { formatAddress, type MemberAddress } from '../simulated-member.ts';
import type { GridMember } from './grid-member.ts';
import type { KeyedCall } from './keyed-calls.ts';
import { LockingRun, type RunResult } from './locking-run.ts';
import type { OperationRecord } from './operation-record.ts';
import type { CallAnswer } from './table-server.ts';
import { runTask, type Task } from './task.ts';
import type { TransactionPlan } from './transaction-body.ts';
import type { World } from './world.ts';

type Message = readonly unknown[];

export interface ProcedureCall {
  readonly id: number;
  readonly plan: TransactionPlan;
  readonly record: OperationRecord;
  readonly keyed: KeyedCall | undefined;
  result: RunResult | undefined;
}

/** Every call of a simulated run. */
export class ProcedureCalls {
  readonly #calls: ProcedureCall[] = [];

  begin(plan: TransactionPlan, record: OperationRecord, keyed: KeyedCall | undefined): ProcedureCall {
    const call: ProcedureCall = { id: this.#calls.length, plan, record, keyed, result: undefined };
    this.#calls.push(call);
    return call;
  }

  /** [op, requestId, partition, incarnation, call]: the partition only says to whom it goes. */
  message({ id }: ProcedureCall): unknown[] {
    return [ProcedureOp.call, 0, 0, 0, id];
  }

  get(id: number): ProcedureCall {
    const call = this.#calls[id];
    if (call === undefined) throw new Error(`There is no procedure call ${id}.`);
    return call;
  }
}

/** The procedures that one member runs. */
export class ProcedureServer {
  readonly #world: World;
  readonly #member: GridMember;
  readonly #running = new Map<string, Set<LockingRun>>();

  constructor(world: World, member: GridMember) {
    this.#world = world;
    this.#member = member;
  }

  receive(message: Message, from: MemberAddress, answer: (answer: CallAnswer) => void): void {
    const call = this.#world.procedures.get(message[4] as number);
    const random = this.#member.random.fork(`procedure ${call.id}`);
    const run = new LockingRun(this.#world, this.#member, random, call.record, call.keyed);
    const running = this.#runningOf(from);
    running.add(run);
    function* serve(): Task {
      call.result = yield* run.run(call.plan);
      running.delete(run);
      answer({ kind: 'answered', value: undefined });
    }
    runTask(serve(), this.#member.context.clock);
  }

  /** The caller's thread is gone. */
  callerLost(caller: MemberAddress): void {
    for (const run of this.#runningOf(caller)) run.kill();
  }

  #runningOf(caller: MemberAddress): Set<LockingRun> {
    const label = formatAddress(caller);
    let running = this.#running.get(label);
    if (running === undefined) {
      running = new Set();
      this.#running.set(label, running);
    }
    return running;
  }
}
