// The code in README.md, docs/*.md and packages/*/README.md is code that compiles and, where it says so, runs.
//
// A ```ts block counts when its first line is `// file: name.ts`; with `// run` on that line the file is
// also executed and must exit with 0. Blocks of one document share a folder, so they import one another;
// a second block with the same name continues the file. Other blocks are left alone.
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
const runTimeoutMs = 60_000;
const execute = promisify(execFile);

interface Snippet {
  readonly file: string;
  readonly run: boolean;
  readonly code: string;
}

describe('a code block', () => {
  it('counts when its first line names a file, and continues a file named before', () => {
    const fence = '```';
    const markdown = [
      `${fence}ts\n// file: a.ts\nconst a = 1;\n${fence}`,
      `${fence}ts\nnot.counted();\n${fence}`,
      `${fence}ts\n// file: b.ts // run\nimport './a.js';\n${fence}`,
      `${fence}ts\n// file: a.ts\nconst b = a;\n${fence}`,
    ].join('\n\ntext\n\n');
    expect(snippetsOf(markdown)).toEqual([
      { file: 'a.ts', run: false, code: '// file: a.ts\nconst a = 1;\n// file: a.ts\nconst b = a;\n' },
      { file: 'b.ts', run: true, code: "// file: b.ts // run\nimport './a.js';\n" },
    ]);
  });
});

for (const document of documents()) {
  const snippets = snippetsOf(readFileSync(join(root, document), 'utf8'));
  if (snippets.length === 0) continue;
  const folder = join(root, '.tsc', 'snippets', document.replace(/\.md$/, '').replaceAll('/', '-'));

  describe(document, () => {
    it('compiles', { timeout: runTimeoutMs }, async () => {
      layOut(folder, snippets);
      const complaints = await output('tsc', ['-p', folder]);
      expect(complaints).toBe('');
    });

    it.each(snippets.filter(({ run }) => run))('runs: $file', { timeout: runTimeoutMs }, async ({ file }) => {
      const main = join(folder, 'out', file.replace(/\.ts$/, '.js'));
      await execute(process.execPath, ['--enable-source-maps', main], { cwd: folder, timeout: runTimeoutMs });
    });
  });
}

function documents(): string[] {
  const docs = readdirSync(join(root, 'docs')).filter((name) => name.endsWith('.md'));
  const packages = readdirSync(join(root, 'packages'));
  return [
    'README.md',
    ...docs.sort().map((name) => `docs/${name}`),
    ...packages.sort().map((name) => `packages/${name}/README.md`),
  ].filter((path) => existsSync(join(root, path)));
}

function snippetsOf(markdown: string): Snippet[] {
  const byFile = new Map<string, Snippet>();
  for (const [, code = ''] of markdown.matchAll(/^```ts\n([\s\S]*?)^```$/gm)) {
    const head = /^\/\/ file: (\S+\.ts)(.*)\n/.exec(code);
    const file = head?.[1];
    if (file === undefined) continue;
    const before = byFile.get(file);
    byFile.set(file, {
      file,
      run: (before?.run ?? false) || /\/\/ run\b/.test(head?.[2] ?? ''),
      code: (before?.code ?? '') + code,
    });
  }
  return [...byFile.values()];
}

function layOut(folder: string, snippets: readonly Snippet[]): void {
  rmSync(folder, { recursive: true, force: true });
  for (const { file, code } of snippets) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), code);
  }
  const compilerOptions = {
    composite: false,
    declaration: false,
    declarationMap: false,
    noUnusedLocals: false,
    noUnusedParameters: false,
    rootDir: '.',
    outDir: 'out',
  };
  const config = {
    extends: join(root, 'tsconfig.base.json'),
    compilerOptions,
    include: ['**/*.ts'],
    exclude: ['out'],
  };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config));
}

/** What a tool of the workspace printed, whether it failed or not. */
async function output(tool: string, args: string[]): Promise<string> {
  try {
    return (await execute(join(root, 'node_modules', '.bin', tool), args, { cwd: root })).stdout;
  } catch (error) {
    if (error instanceof Error && 'stdout' in error) return `${String(error.stdout)}\n${error.message}`;
    throw error;
  }
}
