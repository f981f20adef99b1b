/** What a CPU profile says about one thread: the functions in which most time was spent, callees left out. */

export interface CpuProfile {
  readonly nodes: readonly ProfileNode[];
  /** The node that ran at each sample. */
  readonly samples: readonly number[];
  /** Microseconds since the sample before. */
  readonly timeDeltas: readonly number[];
}

interface ProfileNode {
  readonly id: number;
  readonly callFrame: {
    readonly functionName: string;
    readonly url: string;
    readonly lineNumber: number;
  };
}

export interface SelfTime {
  readonly what: string;
  readonly ms: number;
  /** Of the time the thread was not idle. */
  readonly share: number;
}

export interface ThreadProfile {
  readonly busyMs: number;
  readonly idleMs: number;
  readonly top: readonly SelfTime[];
}

const idleNames = new Set(['(idle)', '(root)']);
const usPerMs = 1_000;

export function threadProfile({ nodes, samples, timeDeltas }: CpuProfile, count: number): ThreadProfile {
  const names = new Map(nodes.map((node) => [node.id, nameOf(node)]));
  const times = new Map<string, number>();
  for (const [index, id] of samples.entries()) {
    const name = names.get(id) ?? '(unknown)';
    // A sample says where the thread was when the time before it had passed.
    times.set(name, (times.get(name) ?? 0) + (timeDeltas[index] ?? 0) / usPerMs);
  }
  let idleMs = 0;
  let busyMs = 0;
  for (const [name, ms] of times) {
    if (idleNames.has(name)) idleMs += ms;
    else busyMs += ms;
  }
  const top = [...times]
    .filter(([name]) => !idleNames.has(name))
    .toSorted(([, a], [, b]) => b - a)
    .slice(0, count)
    .map(([what, ms]) => ({ what, ms, share: busyMs === 0 ? 0 : ms / busyMs }));
  return { busyMs, idleMs, top };
}

/** `function file:line`; what the engine does has no file. */
function nameOf({ callFrame: { functionName, url, lineNumber } }: ProfileNode): string {
  const name = functionName === '' ? '(anonymous)' : functionName;
  if (url === '') return name;
  const file = url.split('/').slice(-3).join('/');
  return `${name} ${file}:${lineNumber + 1}`;
}
