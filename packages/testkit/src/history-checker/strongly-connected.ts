/**
 * Directed graphs in compact form, their strongly connected components (Tarjan's algorithm, with a stack
 * of its own: histories are long) and shortest paths.
 */

/** A graph over vertices 0..n-1. The edges out of v are `starts[v]` to `starts[v + 1] - 1`. */
export interface CompactGraph {
  readonly vertexCount: number;
  readonly starts: Int32Array;
  readonly targets: Int32Array;
  /** For each edge, its position in the list it was built from. */
  readonly sources: Int32Array;
}

/** One end-to-end connection. */
export interface Arc {
  readonly from: number;
  readonly to: number;
}

/** Component of each vertex. An edge between two components leads to the lower number. */
export interface Components {
  readonly count: number;
  readonly of: Int32Array;
}

/** Builds the compact form. */
export function compact(vertexCount: number, arcs: readonly Arc[]): CompactGraph {
  const starts = new Int32Array(vertexCount + 1);
  for (const { from } of arcs) starts[from + 1] = at(starts, from + 1) + 1;
  for (let vertex = 0; vertex < vertexCount; vertex++) {
    starts[vertex + 1] = at(starts, vertex + 1) + at(starts, vertex);
  }
  const next = starts.slice();
  const targets = new Int32Array(arcs.length);
  const sources = new Int32Array(arcs.length);
  arcs.forEach(({ from, to }, position) => {
    const slot = at(next, from);
    next[from] = slot + 1;
    targets[slot] = to;
    sources[slot] = position;
  });
  return { vertexCount, starts, targets, sources };
}

/** Finds the strongly connected components. */
export function findComponents(graph: CompactGraph): Components {
  const { vertexCount, starts, targets } = graph;
  const order = new Int32Array(vertexCount).fill(-1);
  const low = new Int32Array(vertexCount);
  const of = new Int32Array(vertexCount).fill(-1);
  const cursor = starts.slice(0, vertexCount);
  const open: number[] = [];
  const path: number[] = [];
  let visited = 0;
  let count = 0;
  const enter = (vertex: number): void => {
    order[vertex] = low[vertex] = visited++;
    open.push(vertex);
    path.push(vertex);
  };
  const leave = (vertex: number): void => {
    path.pop();
    const parent = path.at(-1);
    if (parent !== undefined) low[parent] = Math.min(at(low, parent), at(low, vertex));
    if (low[vertex] !== order[vertex]) return;
    for (let member = open.pop(); member !== undefined; member = open.pop()) {
      of[member] = count;
      if (member === vertex) break;
    }
    count += 1;
  };
  for (let root = 0; root < vertexCount; root++) {
    if (order[root] !== -1) continue;
    enter(root);
    for (let vertex = path.at(-1); vertex !== undefined; vertex = path.at(-1)) {
      const edge = at(cursor, vertex);
      if (edge === at(starts, vertex + 1)) {
        leave(vertex);
        continue;
      }
      cursor[vertex] = edge + 1;
      const target = at(targets, edge);
      if (order[target] === -1) enter(target);
      else if (of[target] === -1) low[vertex] = Math.min(at(low, vertex), at(order, target));
    }
  }
  return { count, of };
}

/** The components of more than one vertex, smallest first. */
export function cyclicComponents(components: Components): number[][] {
  const members: number[][] = Array.from({ length: components.count }, () => []);
  components.of.forEach((component, vertex) => {
    members[component]?.push(vertex);
  });
  const cyclic = members.filter(({ length }) => length > 1);
  return cyclic.sort((left, right) => left.length - right.length);
}

/** Which vertices a search may enter, and how many edges it may still look at. */
export interface SearchLimits {
  readonly mayEnter: (vertex: number) => boolean;
  readonly budget: { edges: number };
}

/**
 * A shortest path of at least one edge, as positions in the list of arcs; `undefined` if there is none
 * or the budget ran out. Start and end may be the same vertex: then it is a shortest cycle.
 */
export function shortestPath(
  graph: CompactGraph,
  from: number,
  to: number,
  { mayEnter, budget }: SearchLimits,
): number[] | undefined {
  const { starts, targets, sources } = graph;
  // For each vertex reached: the edge it was reached by, and the vertex that edge came from.
  const reachedBy = new Map<number, { edge: number; parent: number }>();
  const queue = [from];
  for (let head = 0; head < queue.length && budget.edges > 0; head++) {
    const vertex = queue[head] as number;
    for (let edge = at(starts, vertex); edge < at(starts, vertex + 1); edge++) {
      budget.edges -= 1;
      const target = at(targets, edge);
      if (reachedBy.has(target) || !mayEnter(target)) continue;
      reachedBy.set(target, { edge: at(sources, edge), parent: vertex });
      if (target === to) return pathTo(reachedBy, from, to);
      queue.push(target);
    }
  }
  return undefined;
}

function pathTo(
  reachedBy: ReadonlyMap<number, { edge: number; parent: number }>,
  from: number,
  to: number,
): number[] {
  const edges: number[] = [];
  let step = reachedBy.get(to);
  while (step !== undefined) {
    edges.push(step.edge);
    step = step.parent === from ? undefined : reachedBy.get(step.parent);
  }
  return edges.reverse();
}

function at(numbers: Int32Array, index: number): number {
  return numbers[index] as number;
}
