// Tests run against the built packages: Node loads `dist` itself, so the test process and the worker
// threads share one copy of each module and coverage offsets are true.
import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: [
      'packages/*/test/**/*.test.ts',
      'benchmarks/test/**/*.test.ts',
      'examples/*/test/**/*.test.ts',
      'tools/*.test.ts',
    ],
    // The runner would take one file after the other on two cores; many tests wait for threads and processes.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    // Only there to end what hangs: a busy machine may make an honest test ten times slower.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    setupFiles: ['./vitest.setup.ts'],
    // Inherited by every worker thread a test starts.
    execArgv: ['--enable-source-maps'],
    server: { deps: { external: [/\/(?:packages|examples)\/[^/]+\/dist\//, /\/benchmarks\/dist\//] } },
    forceRerunTriggers: ['**/packages/*/dist/**/*.js'],
  },
});
