/**
 * Makes a stored value loudly read-only, so that code at the owner can be handed the live value without a copy.
 *
 * Objects and arrays are frozen: writing to them throws in modules, which are always strict. Map, Set and Date keep
 * their content in places freezing doesn't reach, so each gets methods of its own that throw instead of changing it.
 * Frozen values still encode and copy as before. Two limits, both by nature of the language:
 * - A typed array, Buffer, DataView or ArrayBuffer can't be frozen. `freezeDeep` tells that there is one, and
 *   `frozenCopy` is what may be handed out instead: what the caller writes into it is lost, not stored.
 * - `Map.prototype.set.call(map, …)` goes past the throwing methods. It is nothing one writes by accident.
 *
 * Meant for trees that `copyValue` or the frame codec made: what is already frozen counts as done.
 */
import { isBinary } from './binary.ts';
import { copyValue } from './value.ts';

/** Freezes the whole tree. True when there are binaries in it, which stay as they are. To be called once for each tree. */
export function freezeDeep(value: unknown): boolean {
  return isObject(value) && freezeTree(value);
}

/** A copy, frozen but for its binaries. */
export function frozenCopy<T>(value: T): T {
  const copy = copyValue(value, 'value');
  freezeDeep(copy);
  return copy;
}

/** Freezes and tells whether a binary is somewhere inside. */
function freezeTree(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === Object.prototype) return freezeRecord(value as Record<string, unknown>);
  if (prototype === Array.prototype) return freezeArray(value as unknown[]);
  if (isBinary(value)) return true;
  if (Object.isFrozen(value)) return false;
  const hasBinary = freezeBuiltIn(value);
  Object.freeze(value);
  return hasBinary;
}

function freezeRecord(record: Record<string, unknown>): boolean {
  if (Object.isFrozen(record)) return false;
  let hasBinary = false;
  for (const key in record) {
    const member = record[key];
    if (isObject(member) && Object.hasOwn(record, key) && freezeTree(member)) hasBinary = true;
  }
  Object.freeze(record);
  return hasBinary;
}

function freezeArray(array: readonly unknown[]): boolean {
  if (Object.isFrozen(array)) return false;
  let hasBinary = false;
  for (const member of array) if (isObject(member) && freezeTree(member)) hasBinary = true;
  Object.freeze(array);
  return hasBinary;
}

function freezeBuiltIn(value: object): boolean {
  let hasBinary = false;
  const visit = (member: unknown): void => {
    if (isObject(member) && freezeTree(member)) hasBinary = true;
  };
  if (value instanceof Map) {
    for (const [key, member] of value) {
      visit(key);
      visit(member);
    }
    Object.defineProperties(value, readOnlyMap);
  } else if (value instanceof Set) {
    value.forEach(visit);
    Object.defineProperties(value, readOnlySet);
  } else if (value instanceof Date) Object.defineProperties(value, readOnlyDate);
  return hasBinary;
}

const mapMutators = ['set', 'delete', 'clear', 'getOrInsert', 'getOrInsertComputed'];
const setMutators = ['add', 'delete', 'clear'];
const dateMutators = Object.getOwnPropertyNames(Date.prototype).filter((name) => name.startsWith('set'));

const readOnlyMap = throwing('Map', mapMutators);
const readOnlySet = throwing('Set', setMutators);
const readOnlyDate = throwing('Date', dateMutators);

function throwing(kind: string, methods: readonly string[]): PropertyDescriptorMap {
  const refuse = (method: string) => (): never => {
    throw new TypeError(
      `this ${kind} is read-only here (${method}): it is the stored value; change a copy and store that`,
    );
  };
  return Object.fromEntries(methods.map((method) => [method, { value: refuse(method), enumerable: false }]));
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
