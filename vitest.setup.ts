// vitest ends a test process by a signal, before Node would write its coverage, so it is written here.
import v8 from 'node:v8';
import { afterAll } from 'vitest';

if (process.env['NODE_V8_COVERAGE'] !== undefined) afterAll(() => v8.takeCoverage());
