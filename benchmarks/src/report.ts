/** The results as text: ratios first, for they mean something on any machine. */
import type { RatioResult, ScenarioResult, SubjectResult } from './results.ts';
import { type Target, targetText } from './statistics.ts';

/** A target and whether it was met. */
interface Goal {
  readonly target?: Target | undefined;
  readonly met?: boolean | undefined;
}

const headings = ['ratio', '[min – max]', 'target', 'subject', 'median', '[min – max]', 'p50 µs', 'p99 µs'];

export function renderScenario(scenario: ScenarioResult): string {
  const { name, title, unit, params, results, ratios, skipped } = scenario;
  const settings = Object.entries(params).map(([param, value]) => `${param} ${value.toLocaleString('en')}`);
  const rows = results.flatMap((result) => rowsOf(result, ratios));
  const extras = results.flatMap(({ subject, extra = {} }) =>
    Object.entries(extra).map(([what, value]) => `  ${subject}: ${what}: ${figure(value)}`),
  );
  return [
    `${name}: ${title} (${[unit, settings.join(', ')].filter((part) => part !== '').join('; ')})`,
    ...table([headings, ...rows]),
    ...extras,
    ...skipped.map(({ subject, reason }) => `  skipped: ${subject}: ${reason}`),
    '',
  ].join('\n');
}

/** The subject's figures beside its first ratio; a line for each further ratio, and one for a goal of its own. */
function rowsOf(result: SubjectResult, ratios: readonly RatioResult[]): string[][] {
  const [first, ...others] = ratios.filter(({ subject }) => subject === result.subject);
  const further = others.map((ratio) => [
    ...ratioCells(result, ratio),
    `${result.subject} versus ${ratio.versus}`,
  ]);
  const own =
    first === undefined || result.target === undefined
      ? []
      : [['', '', goalCell(result), `${result.subject}, the figure itself`]];
  return [[...ratioCells(result, first), ...figureCells(result)], ...further, ...own];
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
