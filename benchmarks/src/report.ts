/** The results as text: ratios first, for they mean something on any machine. */
import type { RatioResult, ScenarioResult, SubjectResult } from './results.ts';
import { type Target, targetText } from './statistics.ts';

/** A target and whether it was met. */
interface Goal {
  readonly target?: Target | undefined;
  readonly met?: boolean | undefined;
}

const headings = ['ratio', '[min – max]', 'target', 'subject', 'median', '[min – max]', 'p50 µs', 'p99 µs'];

export function renderScenario({ name, title, unit, params, results, ratios }: ScenarioResult): string {
  const settings = Object.entries(params).map(([param, value]) => `${param} ${value.toLocaleString('en')}`);
  const rows = results.map((result) => [
    ...ratioCells(
      result,
      ratios.find(({ subject }) => subject === result.subject),
    ),
    ...figureCells(result),
  ]);
  const extras = results.flatMap(({ subject, extra = {} }) =>
    Object.entries(extra).map(([what, value]) => `  ${subject}: ${what}: ${figure(value)}`),
  );
  return [
    `${name}: ${title} (${unit}; ${settings.join(', ')})`,
    ...table([headings, ...rows]),
    ...extras,
    '',
  ].join('\n');
}

function ratioCells({ rounds, ...goal }: SubjectResult, ratio: RatioResult | undefined): string[] {
  if (rounds === 0) return ['failed', '', ''];
  if (ratio === undefined) return ['', '', goalCell(goal)];
  const { target, met } = ratio;
  return [
    `${ratio.ratio.toFixed(2)}×`,
    `[${ratio.min.toFixed(2)} – ${ratio.max.toFixed(2)}]`,
    goalCell({ target, met }, '×'),
  ];
}

function goalCell({ target, met }: Goal, unit = ''): string {
  return target === undefined ? '' : `${targetText(target)}${unit} ${met === true ? 'met' : 'NOT MET'}`;
}

function figureCells({ subject, version, median, min, max, p50Us, p99Us }: SubjectResult): string[] {
  return [
    `${subject} (${version})`,
    figure(median),
    min === undefined ? '' : `[${figure(min)} – ${figure(max)}]`,
    figure(p50Us),
    figure(p99Us),
  ];
}

/** Three digits say all there is to say. */
function figure(value: number | undefined): string {
  return value === undefined ? '' : value.toLocaleString('en', { maximumSignificantDigits: 3 });
}

/** Lines of columns as wide as their widest cell; columns that are empty but for the heading are left out. */
function table(rows: readonly (readonly string[])[]): string[] {
  const columns = (rows[0] ?? []).map((_, column) => rows.map((row) => row[column] ?? ''));
  const padded = columns
    .filter(([, ...cells]) => cells.some((cell) => cell !== ''))
    .map((cells) => {
      const width = Math.max(...cells.map((cell) => cell.length));
      return cells.map((cell) => cell.padEnd(width));
    });
  return rows.map((_, row) => `  ${padded.map((cells) => cells[row]).join('  ')}`.trimEnd());
}
