/** The table of the README: written between two markers, from the results, by nobody's hand. */
import { type GoalRow, goalRows, goalText, outcomeText } from './goals.ts';
import { type RunResults, roundsText } from './run-results.ts';

const begin = '<!-- benchmarks:begin (npm run bench:report writes this) -->';
const end = '<!-- benchmarks:end -->';

/** What belongs between the markers. */
export function readmeTable(runs: readonly RunResults[]): string {
  const rows = goalRows(runs);
  if (rows.length === 0) return 'No results are kept in the repository yet.';
  const columns = columnsOf(runs);
  const heads = ['scenario', 'Troupe', 'goal', ...columns.map(([run]) => `Node ${run?.node}`)];
  const cells = [heads, ...rows.map((row) => cellsOf(row, runs, columns))];
  // As the formatter of the repository would write it.
  const widths = heads.map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  const [head = '', ...lines] = cells.map((row) =>
    lineOf(row.map((cell, at) => cell.padEnd(widths[at] ?? 0))),
  );
  const rule = lineOf(widths.map((width) => '-'.repeat(width)));
  const about = runs.map((run) => {
    const { node, machine, commit, failures } = run;
    const { cores, cpu, memoryGb } = machine;
    return `Node ${node}: ${cores} × ${cpu}, ${memoryGb} GiB, ${roundsText(run)}, commit ${commit}.${failedText(failures)}`;
  });
  return [head, rule, ...lines, '', ...about].join('\n');
}

/** Ratios are those of the other rounds, maybe of a single one. */
function failedText(failures: readonly string[]): string {
  // Each begins with the scenario, the subject and the round.
  const names = failures.map((failure) => failure.split(': ', 1)[0]);
  return names.length === 0 ? '' : ` Failed, so not in the ratios: ${names.join('; ')}.`;
}

function lineOf(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}

/** The runs of each version of Node, of different commits. */
function columnsOf(runs: readonly RunResults[]): RunResults[][] {
  const nodes = [...new Set(runs.map(({ node }) => node))];
  return nodes.map((node) => runs.filter((run) => run.node === node));
}

function cellsOf(
  row: GoalRow,
  runs: readonly RunResults[],
  columns: readonly (readonly RunResults[])[],
): string[] {
  const outcomeOf = (run: RunResults): GoalRow['outcomes'][number] => row.outcomes[runs.indexOf(run)];
  const outcomes = columns.map((column) => {
    const run = column.find((of) => outcomeOf(of) !== undefined);
    const outcome = run && outcomeOf(run);
    if (outcome === undefined) return 'not measured';
    const text = outcomeText(row.target, outcome);
    // What isn't of the first run of its column names its commit.
    return run === column[0] ? text : `${text} (${run?.commit.slice(0, 7)})`;
  });
  return [row.scenario, row.subject, goalText(row), ...outcomes].map((cell) => cell.replaceAll('|', '\\|'));
}

/** The README with the table of these runs in it. Throws when it has no markers. */
export function withTable(readme: string, runs: readonly RunResults[]): string {
  const from = readme.indexOf(begin);
  const to = readme.indexOf(end);
  if (from < 0 || to < from) throw new Error(`the README has no place for the table: ${begin} … ${end}`);
  return `${readme.slice(0, from + begin.length)}\n\n${readmeTable(runs)}\n\n${readme.slice(to)}`;
}
