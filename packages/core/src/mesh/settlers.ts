/**
 * Promises without a closure each: `new Promise(keepSettlers)` puts what the Promise hands its executor where the next
 * lines read it. One place for the whole thread, which works because nothing can come between; only for hot paths.
 */
export const settlers: { resolve: (value: unknown) => void; reject: (error: unknown) => void } = {
  resolve: () => undefined,
  reject: () => undefined,
};

export function keepSettlers(resolve: (value: unknown) => void, reject: (error: unknown) => void): void {
  settlers.resolve = resolve;
  settlers.reject = reject;
}
