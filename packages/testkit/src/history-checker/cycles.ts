/**
 * Cycles of dependencies, and the weakest isolation level that each one breaks.
 *
 * A component of the graph with a cycle is searched in this order: first with data dependencies alone,
 * then with the order of each process, then with real time; within each of these:
 *
 * - G0: ww edges only;
 * - G1c: ww and wr edges;
 * - G-single: exactly one rw edge (forbidden by snapshot isolation);
 * - G-nonadjacent: several rw edges, no two of them in a row (forbidden by snapshot isolation too);
 * - G2-item: rw edges in a row, the write skew (forbidden by serializability only).
 *
 * One witness is named per component, as short as it is easy to find. The search for G-single in a huge
 * component stops at a budget of visited edges; the cycle is then named by a later class.
 */

import type { CycleType } from './anomaly-report.ts';
import { type DependencyEdge, type DependencyGraph, edgeKind } from './dependency-graph.ts';
import {
  type CompactGraph,
  compact,
  cyclicComponents,
  findComponents,
  type SearchLimits,
  shortestPath,
} from './strongly-connected.ts';

/** A cycle with its name. The edges follow each other; those of auxiliary vertices are joined. */
export interface FoundCycle {
  readonly type: CycleType | `${CycleType}-process` | `${CycleType}-realtime`;
  readonly edges: readonly DependencyEdge[];
}

/** The part of the graph in which every vertex lies on a cycle, with vertices numbered from 0. */
interface Region {
  readonly vertexCount: number;
  readonly edges: readonly DependencyEdge[];
}

const writes = edgeKind.ww | edgeKind.through;
const flows = writes | edgeKind.wr;
const dependencies = flows | edgeKind.rw;
const levels = [
  { suffix: '', extra: 0 },
  { suffix: '-process', extra: edgeKind.process },
  { suffix: '-realtime', extra: edgeKind.process | edgeKind.realtime },
] as const;

const G_SINGLE_EDGES_MAX = 30_000_000;
const CYCLE_EDGES_MAX = 3_000_000;
const CYCLE_STARTS_MAX = 32;

/** Names one cycle for each component of the graph that has any. */
export function findCycles(graph: DependencyGraph): FoundCycle[] {
  const whole: Region = { vertexCount: graph.vertexCount, edges: graph.edges };
  return cyclicRegions(whole).map(({ region, originals }) => {
    const { type, edges } = classify(region);
    const named = edges.map((edge) => ({
      ...edge,
      from: originals[edge.from] as number,
      to: originals[edge.to] as number,
    }));
    return { type, edges: joinAuxiliary(named, graph.operationCount) };
  });
}

function classify(region: Region): FoundCycle {
  for (const { suffix, extra } of levels) {
    const inner = cyclicRegions(select(region, dependencies | extra))[0];
    if (inner === undefined) continue;
    const { type, edges } = classifyAtLevel(inner.region, extra);
    const outer = edges.map((edge) => ({
      ...edge,
      from: inner.originals[edge.from] as number,
      to: inner.originals[edge.to] as number,
    }));
    return { type: `${type}${suffix}`, edges: outer };
  }
  throw new Error('A component without a cycle was searched for one.');
}

function classifyAtLevel(region: Region, extra: number): { type: CycleType; edges: DependencyEdge[] } {
  const g0 = findShortCycle(select(region, writes | extra));
  if (g0 !== undefined) return { type: 'G0', edges: g0 };
  const g1c = findShortCycle(select(region, flows | extra));
  if (g1c !== undefined) return { type: 'G1c', edges: g1c };
  const single = findCycleOfOneRw(region, flows | extra);
  if (single !== undefined) return { type: 'G-single', edges: single };
  const nonadjacent = findCycleOfSeparateRws(region);
  if (nonadjacent !== undefined) return { type: 'G-nonadjacent', edges: nonadjacent };
  return { type: 'G2-item', edges: findShortCycle(region) ?? [] };
}

function select({ vertexCount, edges }: Region, mask: number): Region {
  return { vertexCount, edges: edges.filter(({ kind }) => (kind & mask) !== 0) };
}

function cyclicRegions({ vertexCount, edges }: Region): { region: Region; originals: number[] }[] {
  const components = findComponents(compact(vertexCount, edges));
  const edgesOf = new Map<number, DependencyEdge[]>();
  for (const edge of edges) {
    const component = components.of[edge.from] as number;
    if (component !== components.of[edge.to]) continue;
    const inside = edgesOf.get(component);
    if (inside === undefined) edgesOf.set(component, [edge]);
    else inside.push(edge);
  }
  return cyclicComponents(components).map((originals) => {
    const numbers = new Map(originals.map((original, number) => [original, number]));
    const inside = edgesOf.get(components.of[originals[0] as number] as number) ?? [];
    const renumbered = inside.map((edge) => ({
      ...edge,
      from: numbers.get(edge.from) as number,
      to: numbers.get(edge.to) as number,
    }));
    return { region: { vertexCount: originals.length, edges: renumbered }, originals };
  });
}

/** A short cycle, if there is any; tried from some vertices of the smallest component. */
function findShortCycle(region: Region): DependencyEdge[] | undefined {
  const graph = compact(region.vertexCount, region.edges);
  const components = findComponents(graph);
  const smallest = cyclicComponents(components)[0];
  if (smallest === undefined) return undefined;
  const component = components.of[smallest[0] as number];
  const limits: SearchLimits = {
    mayEnter: (vertex) => components.of[vertex] === component,
    budget: { edges: Infinity },
  };
  let shortest: number[] | undefined;
  for (const start of smallest.slice(0, CYCLE_STARTS_MAX)) {
    const path = shortestPath(graph, start, start, limits);
    if (path !== undefined && path.length < (shortest?.length ?? Infinity)) shortest = path;
    // The first search always ends with a cycle; more of them only make it shorter.
    limits.budget.edges = Math.min(limits.budget.edges, CYCLE_EDGES_MAX);
  }
  return shortest?.map((position) => region.edges[position] as DependencyEdge);
}

/** Exactly one rw edge: from its end a path of other edges leads back to its start. */
function findCycleOfOneRw(region: Region, others: number): DependencyEdge[] | undefined {
  const rest = select(region, others);
  const graph: CompactGraph = compact(region.vertexCount, rest.edges);
  // Without cycles of its own, the rest has an order, and a path leads only to lower numbers.
  const order = findComponents(graph).of;
  const budget = { edges: G_SINGLE_EDGES_MAX };
  let shortest: DependencyEdge[] | undefined;
  for (const rw of region.edges) {
    if (rw.kind !== edgeKind.rw) continue;
    const end = order[rw.from] as number;
    if ((order[rw.to] as number) < end) continue;
    const mayEnter = (vertex: number): boolean => (order[vertex] as number) >= end;
    const path = shortestPath(graph, rw.to, rw.from, { mayEnter, budget });
    if (path === undefined || path.length + 1 >= (shortest?.length ?? Infinity)) continue;
    shortest = [rw, ...path.map((position) => rest.edges[position] as DependencyEdge)];
    if (shortest.length === 2) break;
  }
  return shortest;
}

/**
 * Several rw edges, no two in a row. Each vertex is split in two: `2v` entered by an rw edge, `2v + 1`
 * entered by another; rw edges leave the second only. So every cycle of the split graph is one.
 */
function findCycleOfSeparateRws(region: Region): DependencyEdge[] | undefined {
  const split: DependencyEdge[] = [];
  for (const edge of region.edges) {
    const from = edge.from * 2;
    const to = edge.to * 2;
    if (edge.kind === edgeKind.rw) split.push({ ...edge, from: from + 1, to });
    else if (edge.kind === edgeKind.through) {
      split.push({ ...edge, from, to }, { ...edge, from: from + 1, to: to + 1 });
    } else split.push({ ...edge, from, to: to + 1 }, { ...edge, from: from + 1, to: to + 1 });
  }
  const found = findShortCycle({ vertexCount: region.vertexCount * 2, edges: split });
  return found?.map((edge) => ({ ...edge, from: edge.from >> 1, to: edge.to >> 1 }));
}

/** Makes one edge of an edge to an auxiliary vertex and those that lead on from there. */
function joinAuxiliary(cycle: readonly DependencyEdge[], operationCount: number): DependencyEdge[] {
  const start = cycle.findIndex(({ from }) => from < operationCount);
  const turned = [...cycle.slice(start), ...cycle.slice(0, start)];
  const joined: DependencyEdge[] = [];
  for (const edge of turned) {
    const last = joined.at(-1);
    if (last !== undefined && edge.kind === edgeKind.through)
      joined[joined.length - 1] = { ...last, to: edge.to };
    else joined.push(edge);
  }
  return joined;
}
