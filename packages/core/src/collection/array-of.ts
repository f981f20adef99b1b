/**
 * An array of these items, for lists that stay while a call is under way. Where code that isn't optimized yet makes
 * `[…]`, V8 counts how many of them survive a collection; a grid begins with all its calls in flight, so all do, and
 * from then on such arrays would be allocated among the long-lived ones. Rest parameters are not counted. See
 * docs/decisions/0053-no-literals-in-flight.md.
 */
export function arrayOf<T>(...items: T[]): T[] {
  return items;
}
