/** The built modules of definitions, as `startGrid` takes them. */
export function definitionModules(...names: string[]): URL[] {
  return names.map((name) => new URL(`../dist/definitions/${name}.js`, import.meta.url));
}
