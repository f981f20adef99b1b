/** Requests in words, for those who forgot them: which operation on what. */
import { ComputeOp } from '@troupe/compute';
import {
  ActorOp,
  type Definition,
  type DefinitionKind,
  type Definitions,
  Family,
  familyOf,
  keyToText,
  type Message,
  type StorageKey,
  TableOp,
} from '@troupe/core';

/** Such as `get of table 'users', key "u1"`. */
export function describeRequest(message: Message, definitions: Definitions): string {
  const nameOf = (kind: DefinitionKind, number: unknown): string =>
    `'${definitions.all(kind)[number as number]?.name ?? '?'}'`;
  const op = message[0] as number;
  switch (familyOf(op)) {
    case Family.table:
      return tableRequest(op, message, nameOf('table', message[4]));
    case Family.actor: {
      const actor = definitions.all('actor')[message[4] as number];
      const kind = op === ActorOp.askIn ? 'ask, in a transaction,' : 'ask';
      return `${kind} of actor '${actor?.name ?? '?'}', key ${keyText(message[5])}, method ${methodName(actor, message[6] as number)}`;
    }
    case Family.compute:
      return op === ComputeOp.map
        ? `map-reduce ${nameOf('mapReduce', message[2])}`
        : `job ${nameOf('job', message[2])}`;
    case Family.procedure:
      return `procedure ${nameOf('procedure', message[2])}`;
    default:
      return 'an operation of a transaction, from a call that joined it';
  }
}

function tableRequest(op: number, message: Message, table: string): string {
  const name = Object.entries(TableOp).find(([, other]) => other === op)?.[0] ?? 'operation';
  return op <= TableOp.increment
    ? `${name} of table ${table}, key ${keyText(message[5])}`
    : `${name} of table ${table}`;
}

function keyText(key: unknown): string {
  return keyToText(key as StorageKey);
}

/** Methods are numbered in the order of their names. */
function methodName(actor: Definition | undefined, method: number): string {
  const { methods = {} } = (actor ?? {}) as { readonly methods?: object };
  return Object.keys(methods).sort()[method] ?? '?';
}
