/**
 * How contexts of actors and jobs offer everything a member's client does: bound on a prototype once, so that a
 * context costs one small object, and methods of classes with private fields work.
 */

/** Puts what `client` offers on `prototype`, methods bound; names that are there already stay. */
export function offerClient(client: object, prototype: object): void {
  for (const name of propertyNames(client)) {
    if (name in prototype) continue;
    const value = methodOf(client, name);
    const read = (): unknown => (client as Record<string, unknown>)[name];
    Object.defineProperty(
      prototype,
      name,
      value === undefined ? { get: read } : { value: value.bind(client) },
    );
  }
}

/** Own and inherited names, without those every object has. */
function propertyNames(object: object): Set<string> {
  const names = new Set<string>();
  for (
    let at: object | null = object;
    at !== null && at !== Object.prototype;
    at = Object.getPrototypeOf(at) as object | null
  ) {
    for (const name of Object.getOwnPropertyNames(at)) names.add(name);
  }
  names.delete('constructor');
  return names;
}

/** The method of this name; undefined for a getter, which must be read anew each time, and for other values. */
function methodOf(object: object, name: string): ((...args: unknown[]) => unknown) | undefined {
  for (let at: object | null = object; at !== null; at = Object.getPrototypeOf(at) as object | null) {
    const descriptor = Object.getOwnPropertyDescriptor(at, name);
    if (descriptor === undefined) continue;
    return typeof descriptor.value === 'function'
      ? (descriptor.value as (...args: unknown[]) => unknown)
      : undefined;
  }
  return undefined;
}
