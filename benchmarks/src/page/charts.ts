/**
 * The charts of the page, drawn here into SVG text, so that the page needs no script and shows the same everywhere. Colours
 * come from the page's style sheet, which knows light and dark.
 */
import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom';
import type { RatioResult, ScenarioResult } from '../results.ts';
import { isMoreBetter } from '../scenario.ts';
import { figure } from './figure.ts';

const width = 720;
const rowHeight = 26;
const labelWidth = 280;

const ours = 'var(--ours)';
const others = 'var(--others)';
const goalColour = 'var(--goal)';

/** SVG, or undefined where there is nothing to draw. */
export function chartOf(scenario: ScenarioResult): string | undefined {
  const { results, ratios, xLabel } = scenario;
  const measured = results.filter(({ median }) => median !== undefined && median !== null);
  if (measured.length === 0) return undefined;
  if (xLabel !== undefined) return curves(scenario);
  const versus = mainReference(ratios);
  return versus === undefined ? bars(scenario) : ratioChart(scenario, versus);
}

/** What most subjects are compared with. */
function mainReference(ratios: readonly RatioResult[]): string | undefined {
  const counts = new Map<string, number>();
  for (const { versus } of ratios) counts.set(versus, (counts.get(versus) ?? 0) + 1);
  return [...counts].toSorted(([, a], [, b]) => b - a)[0]?.[0];
}

/** A dot for each ratio, a line from the lowest to the highest of all rounds, a mark at the goal. Logarithmic: half and twice are as far from 1. */
function ratioChart({ unit, ratios, results }: ScenarioResult, versus: string): string {
  const rows = ratios
    .filter((ratio) => ratio.versus === versus && ratio.ratio > 0)
    .map(({ target, ...ratio }) => ({
      ...ratio,
      colour: isOurs(ratio.subject, results) ? ours : others,
      goal: target === undefined ? undefined : 'atLeast' in target ? target.atLeast : target.atMost,
    }));
  const order = rows.toSorted((a, b) => (isMoreBetter(unit) ? b.ratio - a.ratio : a.ratio - b.ratio));
  return drawn({
    height: rows.length * rowHeight + 60,
    x: {
      type: 'log',
      label: `times ${versus} (${isMoreBetter(unit) ? 'better →' : '← better'})`,
      grid: true,
      ...ticksWithin(rows.flatMap(({ min, max, goal }) => [min, max, goal ?? 1, 1])),
    },
    y: { label: null, domain: order.map(({ subject }) => subject) },
    marks: [
      Plot.ruleX([1], { stroke: 'currentColor', strokeOpacity: 0.6 }),
      Plot.ruleY(rows, {
        y: 'subject',
        x1: 'min',
        x2: 'max',
        stroke: 'colour',
        strokeWidth: 6,
        strokeOpacity: 0.35,
      }),
      Plot.tickX(
        rows.filter(({ goal }) => goal !== undefined),
        { x: 'goal', y: 'subject', stroke: goalColour, strokeWidth: 3 },
      ),
      Plot.dot(rows, { x: 'ratio', y: 'subject', fill: 'colour', r: 5 }),
      Plot.text(rows, {
        x: 'max',
        y: 'subject',
        text: ({ ratio }: RatioResult) => `${figure(ratio)}×`,
        dx: 8,
        textAnchor: 'start',
        fill: 'currentColor',
      }),
    ],
  });
}

function bars({ unit, results }: ScenarioResult): string {
  const rows = results.flatMap(({ subject, median, min, max, target }) =>
    median === undefined || min === undefined || max === undefined
      ? []
      : [
          {
            subject,
            median,
            min,
            max,
            colour: isOurs(subject, results) ? ours : others,
            goal: target === undefined ? undefined : 'atLeast' in target ? target.atLeast : target.atMost,
          },
        ],
  );
  return drawn({
    height: rows.length * rowHeight + 60,
    x: { label: unit, grid: true, zero: true },
    y: { label: null, domain: rows.map(({ subject }) => subject) },
    marks: [
      Plot.barX(rows, { x: 'median', y: 'subject', fill: 'colour', insetTop: 4, insetBottom: 4 }),
      Plot.ruleY(rows, { y: 'subject', x1: 'min', x2: 'max', stroke: 'currentColor', strokeWidth: 2 }),
      Plot.tickX(
        rows.filter(({ goal }) => goal !== undefined),
        { x: 'goal', y: 'subject', stroke: goalColour, strokeWidth: 3 },
      ),
      Plot.text(rows, {
        x: 'max',
        y: 'subject',
        text: ({ median }: { median: number }) => figure(median),
        dx: 8,
        textAnchor: 'start',
        fill: 'currentColor',
      }),
    ],
  });
}

/** Named after their series at their end; a vertical line spans the rounds. */
function curves({ unit, xLabel, results }: ScenarioResult): string {
  const points = results.flatMap(({ point, median, min, max }) =>
    point === undefined || median === undefined || median <= 0 ? [] : [{ ...point, median, min, max }],
  );
  const names = [...new Set(points.map(({ series }) => series))];
  return drawn({
    height: 340,
    marginLeft: 70,
    marginRight: 210,
    x: {
      type: 'log',
      label: xLabel ?? '',
      tickFormat: (value: number) => figure(value),
      ticks: [...new Set(points.map(({ x }) => x))],
    },
    y: {
      type: 'log',
      label: `↑ ${unit}`,
      grid: true,
      ...ticksWithin(points.flatMap(({ min, max }) => [min ?? 1, max ?? 1])),
    },
    color: { domain: names, range: names.map((_, index) => `var(--series-${(index % seriesColours) + 1})`) },
    marks: [
      Plot.ruleX(points, {
        x: 'x',
        y1: 'min',
        y2: 'max',
        stroke: 'series',
        strokeWidth: 5,
        strokeOpacity: 0.3,
      }),
      Plot.lineY(points, { x: 'x', y: 'median', stroke: 'series', strokeWidth: 2 }),
      Plot.dot(points, { x: 'x', y: 'median', fill: 'series', r: 4 }),
      Plot.text(
        points,
        Plot.selectLast({
          x: 'x',
          y: 'median',
          z: 'series',
          text: 'series',
          fill: 'series',
          textAnchor: 'start',
          dx: 10,
        }),
      ),
    ],
  });
}

export const seriesColours = 4;

/** Powers of ten with 2 and 5 between, as plain numbers. */
function ticksWithin(values: readonly number[]): { ticks: number[]; tickFormat: (value: number) => string } {
  const positive = values.filter((value) => value > 0);
  const from = Math.floor(Math.log10(Math.min(...positive)));
  const to = Math.ceil(Math.log10(Math.max(...positive)));
  const steps = to - from > 3 ? [1] : to - from > 2 ? [1, 3] : [1, 2, 5];
  const all = Array.from({ length: to - from + 1 }, (_, index) => from + index).flatMap((power) =>
    steps.map((step) => step * 10 ** power),
  );
  const [least, most] = [Math.min(...positive), Math.max(...positive)];
  return { ticks: all.filter((tick) => tick >= least && tick <= most), tickFormat: (value) => figure(value) };
}

function isOurs(subject: string, results: ScenarioResult['results']): boolean {
  return results.some((result) => result.subject === subject && result.isOurs === true);
}

function drawn(options: Plot.PlotOptions): string {
  const { document } = parseHTML('<html><body></body></html>');
  const plot = Plot.plot({
    width,
    marginLeft: labelWidth,
    marginRight: 70,
    marginBottom: 40,
    style: { background: 'none', fontSize: '13px' },
    ...options,
    document: document as unknown as NonNullable<Plot.PlotOptions['document']>,
  });
  return plot.outerHTML;
}
