/**
 * The graph of what had to come before what. A vertex is the position of an operation in the history; an
 * edge says that in any serial order that explains the history its source comes first, and why.
 *
 * A relation of many with many (everybody who read a key in full, with everybody whose append to it was
 * never seen) would need a quadratic number of edges. `addFanOut` puts auxiliary vertices between, so the
 * graph stays linear in the history; reports leave these vertices out.
 */

/** Why one operation comes before another; bits, so that sets of kinds are masks. */
export const edgeKind: {
  /** It wrote the version before the other's. */
  readonly ww: 1;
  /** The other one read what it wrote. */
  readonly wr: 2;
  /** It did not see what the other one wrote. */
  readonly rw: 4;
  /** The same process did it earlier. */
  readonly process: 8;
  /** It had ended before the other one began. */
  readonly realtime: 16;
  /** From an auxiliary vertex on: continues the edge that led there. */
  readonly through: 32;
} = { ww: 1, wr: 2, rw: 4, process: 8, realtime: 16, through: 32 };

/** One edge; `key` is absent for orders that rest on no key. */
export interface DependencyEdge {
  readonly from: number;
  readonly to: number;
  readonly kind: number;
  readonly key: string | undefined;
}

/** A growing set of edges. An edge from a vertex to itself is left out. */
export class DependencyGraph {
  readonly operationCount: number;
  readonly edges: DependencyEdge[] = [];
  #vertexCount: number;

  constructor(operationCount: number) {
    this.operationCount = operationCount;
    this.#vertexCount = operationCount;
  }

  /** Operations and auxiliary vertices; the latter are numbered from `operationCount` on. */
  get vertexCount(): number {
    return this.#vertexCount;
  }

  add(from: number, to: number, kind: number, key?: string): void {
    if (from !== to) this.edges.push({ from, to, kind, key });
  }

  /** An edge from each source to each target but itself. */
  addFanOut(sources: readonly number[], targets: readonly number[], kind: number, key: string): void {
    if (sources.length * targets.length <= sources.length + 2 * targets.length) {
      for (const from of sources) for (const to of targets) this.add(from, to, kind, key);
      return;
    }
    const distinct = [...new Set(targets)];
    // before[i] leads to the targets ahead of position i, after[i] to those from i on.
    const before = this.#addChain(distinct);
    const after = this.#addChain(distinct.toReversed()).reverse();
    const positions = new Map(distinct.map((target, position) => [target, position]));
    for (const source of new Set(sources)) {
      const position = positions.get(source);
      if (position === undefined) this.#addTo(source, before[distinct.length], kind, key);
      else {
        this.#addTo(source, before[position], kind, key);
        this.#addTo(source, after[position + 1], kind, key);
      }
    }
  }

  /** Returns for each count c an auxiliary vertex that leads to the first c targets; none for 0. */
  #addChain(targets: readonly number[]): (number | undefined)[] {
    const chain: (number | undefined)[] = [undefined];
    for (const target of targets) {
      const vertex = this.#vertexCount++;
      this.add(vertex, target, edgeKind.through);
      this.#addTo(vertex, chain.at(-1), edgeKind.through);
      chain.push(vertex);
    }
    return chain;
  }

  #addTo(from: number, to: number | undefined, kind: number, key?: string): void {
    if (to !== undefined) this.add(from, to, kind, key);
  }
}
