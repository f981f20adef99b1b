// The rules of tidy.test.ts as functions of one source text: what they find, without the file system.
//
// They read the syntax tree, not the text, so that a word in a comment or a string is no finding. The one
// exception is the search for markers of unfinished work, which looks into comments on purpose.
import { parseSync } from 'oxc-parser';

export interface FunctionSize {
  readonly name: string;
  readonly lines: number;
}

export interface Finding {
  readonly line: number;
  readonly what: string;
}

/** A node of the syntax tree, as far as these rules look at it. */
interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [key: string]: unknown;
}

type Visit = (node: Node, parent: Node | undefined) => void;

const functionTypes = new Set(['FunctionDeclaration', 'FunctionExpression', 'ArrowFunctionExpression']);
const bannedMembers = new Set([
  'Date.now',
  'performance.now',
  'Math.random',
  'process.nextTick',
  'process.hrtime',
]);
const bannedNames = new Set(['setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask']);

export function lineCount(text: string): number {
  return text.trimEnd().split('\n').length;
}

/** Every function, method and closure with the number of lines from its first to its last. */
export function functionSizes(fileName: string, text: string): FunctionSize[] {
  const sizes: FunctionSize[] = [];
  walk(fileName, text, (node, parent) => {
    if (!functionTypes.has(node.type)) return;
    const lines = lineAt(text, node.end) - lineAt(text, node.start) + 1;
    sizes.push({ name: nameOf(node, parent), lines });
  });
  return sizes;
}

/** Whatever reaches past a protocol core: the clock, timers, chance, waiting and threads. */
export function impurities(fileName: string, text: string): Finding[] {
  const findings: Finding[] = [];
  walk(fileName, text, (node, parent) => {
    const what = impurityOf(node, parent);
    if (what !== undefined) findings.push({ line: lineAt(text, node.start), what });
  });
  return findings;
}

/** Whether the file begins with a comment that says what it is. */
export function hasHeader(text: string): boolean {
  return /^(#!.*\n)?\s*(\/\/|\/\*)/.test(text);
}

export function unfinishedWork(text: string): Finding[] {
  return text.split('\n').flatMap((content, index) => {
    const marker = /\b(TO[D]O|FIX[M]E)\b/.exec(content)?.[1];
    return marker === undefined ? [] : [{ line: index + 1, what: marker }];
  });
}

/** Whether a path matches a pattern in which `*` stays inside a folder and `**` does not. */
export function matchesPattern(path: string, pattern: string): boolean {
  const source = pattern
    .split(/(\*\*\/|\*\*|\*)/)
    .map((part) => {
      if (part === '**/') return '(?:.*/)?';
      if (part === '**') return '.*';
      if (part === '*') return '[^/]*';
      return part.replace(/[.+?^${}()|[\]\\]/g, '\\$&');
    })
    .join('');
  return new RegExp(`^${source}$`).test(path);
}

function impurityOf(node: Node, parent: Node | undefined): string | undefined {
  switch (node.type) {
    case 'AwaitExpression':
      return 'await';
    case 'ForOfStatement':
      return node['await'] === true ? 'for await' : undefined;
    case 'FunctionDeclaration':
    case 'FunctionExpression':
    case 'ArrowFunctionExpression':
      return node['async'] === true ? 'async' : undefined;
    case 'MemberExpression':
      return bannedMember(node);
    case 'NewExpression':
      return identifierName(node['callee']) === 'Date' && isEmpty(node['arguments'])
        ? 'new Date()'
        : undefined;
    case 'Identifier':
      return bannedReference(node, parent);
    case 'ImportDeclaration':
      return isWorkerThreads(node['source']) ? 'worker_threads' : undefined;
    default:
      return undefined;
  }
}

function bannedMember(node: Node): string | undefined {
  const name = `${identifierName(node['object'])}.${identifierName(node['property'])}`;
  return bannedMembers.has(name) ? name : undefined;
}

/** A name counts where it refers to the global, not where it is the key of a port's method. */
function bannedReference(node: Node, parent: Node | undefined): string | undefined {
  const name = identifierName(node);
  if (name === undefined || !bannedNames.has(name)) return undefined;
  const isKey = parent?.['key'] === node || (parent?.['property'] === node && parent['computed'] !== true);
  const isOfGlobal = parent !== undefined && identifierName(parent['object']) === 'globalThis';
  return isKey && !isOfGlobal ? undefined : name;
}

function nameOf(node: Node, parent: Node | undefined): string {
  return (
    identifierName(node['id']) ??
    identifierName(parent?.['key']) ??
    identifierName(parent?.['id']) ??
    '(anonymous)'
  );
}

function identifierName(value: unknown): string | undefined {
  if (!isNode(value)) return undefined;
  return typeof value['name'] === 'string' ? value['name'] : undefined;
}

function isWorkerThreads(value: unknown): boolean {
  return isNode(value) && /^(node:)?worker_threads$/.test(String(value['value']));
}

function isEmpty(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0;
}

function walk(fileName: string, text: string, visit: Visit): void {
  const { program, errors } = parseSync(fileName, text);
  const [error] = errors;
  if (error !== undefined) throw new SyntaxError(`${fileName}: ${error.message}`);
  descend(program, undefined, visit);
}

function descend(value: unknown, parent: Node | undefined, visit: Visit): void {
  if (Array.isArray(value)) {
    for (const item of value) descend(item, parent, visit);
    return;
  }
  if (!isNode(value)) return;
  visit(value, parent);
  for (const child of Object.values(value)) {
    if (typeof child === 'object') descend(child, value, visit);
  }
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string';
}

function lineAt(text: string, offset: number): number {
  let line = 1;
  for (let index = text.indexOf('\n'); index !== -1 && index < offset; index = text.indexOf('\n', index + 1))
    line++;
  return line;
}
