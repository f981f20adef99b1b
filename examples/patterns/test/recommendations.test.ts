import { startGrid } from 'troupe';
import { expect, test } from 'vitest';
import { libraries, recommend } from '../dist/definitions/recommendations.js';
import { definitionModules } from './definition-modules.ts';
import { runScript } from './run-script.ts';

test('recommendations serves by priority, and never runs what was canceled', async () => {
  const { code, stderr, lines } = await runScript('recommendations');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(lines.filter((line) => !line.includes('ann'))).toEqual([
    expect.stringMatching(/cem: Affinity, Round Trip, Tell, Turn$/),
    expect.stringMatching(/dee: Ask, Turn$/),
    expect.stringMatching(/eva: Give Way, Give Way \(Live\)$/),
    'bob: canceled',
  ]);
});

test('recommend offers nothing to a customer who owns nothing', async () => {
  const modules = definitionModules('catalogue', 'recommendations');
  await using grid = await startGrid({ modules, threads: 0 });
  const offered = await grid.compute.run(recommend, 'new', { at: libraries.key('new') });
  expect(offered).toEqual({ turn: 1, customer: 'new', offers: [] });
});
