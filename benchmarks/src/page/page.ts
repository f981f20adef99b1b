/** The report: one HTML file that needs nothing else. */
import { missedGoal } from '../profile/explain.ts';
import type { ThreadTimes } from '../profile/profile-report.ts';
import type { ScenarioResult, SubjectResult } from '../results.ts';
import { scenarios } from '../scenarios.ts';
import { chartOf } from './charts.ts';
import { escaped, figure } from './figure.ts';
import { type GoalRow, goalRows, goalText, outcomeText } from './goals.ts';
import { type RunResults, roundsOf, roundsText, scenarioNames, scenarioOf } from './run-results.ts';
import { styleSheet } from './style-sheet.ts';

export function pageOf(runs: readonly RunResults[]): string {
  const names = scenarioNames(runs);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Troupe: benchmarks</title>
<style>${styleSheet}</style>
</head>
<body>
<main>
<h1>Troupe: benchmarks</h1>
${introduction(runs)}
${goalsSection(goalRows(runs), runs)}
<nav><h2>Scenarios</h2><ul>${names.map((name) => `<li><a href="#${escaped(name)}">${escaped(name)}</a></li>`).join('')}</ul></nav>
${names.map((name) => scenarioSection(name, runs)).join('\n')}
</main>
</body>
</html>
`;
}

function introduction(runs: readonly RunResults[]): string {
  const lines = runs.map((run) => {
    const { node, machine, commit, failures } = run;
    const { cores, cpu, memoryGb, platform, loadAtStart } = machine;
    return `<li>Node ${escaped(node)} on ${cores} × ${escaped(cpu)}, ${memoryGb} GiB, ${escaped(platform)}; ${roundsText(run)}, load ${figure(loadAtStart) || '0'} at the start, commit ${escaped(commit)}${failures.length === 0 ? '' : `; <strong>failed: ${failures.length}</strong>`}</li>`;
  });
  return `<p>Read the ratios: absolute figures change with the machine and with what else it does. A ratio is taken between two
subjects within one round, which puts them next to each other in time; shown is the median of all rounds, and as a bar the lowest and the
highest. A wide bar means that the machine was not quiet. Every subject runs in a process of its own, and every result is checked. Troupe is drawn in
<span class="ours">this colour</span>, the others in <span class="others">that one</span>, goals as <span class="goal">marks</span>.</p>
<ul>${lines.join('')}</ul>`;
}

function goalsSection(rows: readonly GoalRow[], runs: readonly RunResults[]): string {
  if (rows.length === 0) return '';
  const heads = runs.map(({ node }) => `<th>Node ${escaped(node)}</th>`).join('');
  const body = rows.map(
    (row) =>
      `<tr><td><a href="#${escaped(row.scenario)}">${escaped(row.scenario)}</a></td><td>${escaped(row.subject)}</td><td>${escaped(goalText(row))}</td>${row.outcomes
        .map((outcome) =>
          outcome === undefined
            ? '<td>not measured</td>'
            : `<td class="${outcome.met ? 'met' : 'missed'}">${escaped(outcomeText(row.target, outcome))}</td>`,
        )
        .join('')}</tr>`,
  );
  const all = rows.flatMap(({ outcomes }) => outcomes).filter((outcome) => outcome !== undefined);
  const met = all.filter((outcome) => outcome.met).length;
  return `<section><h2>Goals: ${met} of ${all.length} met</h2>
<div class="wide"><table><thead><tr><th>scenario</th><th>subject</th><th>goal</th>${heads}</tr></thead><tbody>${body.join('\n')}</tbody></table></div></section>`;
}

function scenarioSection(name: string, runs: readonly RunResults[]): string {
  const found = runs.flatMap((run) => {
    const scenario = scenarioOf(run, name);
    return scenario === undefined ? [] : [{ run, scenario }];
  });
  const [first] = found;
  if (first === undefined) return '';
  const { title, about, unit, params } = first.scenario;
  const sizes = Object.entries(params).map(([param, value]) => `${param} ${value.toLocaleString('en')}`);
  return `<section id="${escaped(name)}"><h2>${escaped(name)}</h2>
<p><strong>${escaped(title)}</strong> (${escaped([unit, ...sizes].join(', '))})</p>
<p>${escaped(about)}</p>
${boundPart(found.map(({ scenario }) => scenario))}
${found.map(({ run, scenario }) => runPart(run, scenario)).join('\n')}
</section>`;
}

function runPart({ node }: RunResults, scenario: ScenarioResult): string {
  const chart = chartOf(scenario);
  const skipped = scenario.skipped.map(
    ({ subject, reason }) => `<li>${escaped(subject)}: ${escaped(reason)}</li>`,
  );
  return `<figure><figcaption>Node ${escaped(node)}, ${roundsOf(scenario)} rounds</figcaption>
${chart === undefined ? '<p>Nothing was measured.</p>' : `<div class="wide">${chart}</div>`}
${scenario.results.map((result) => missedPart(scenario, result)).join('\n')}
<details><summary>Figures</summary><div class="wide">${figuresTable(scenario)}</div>${extrasList(scenario)}</details>
${skipped.length === 0 ? '' : `<p>Skipped:</p><ul>${skipped.join('')}</ul>`}</figure>`;
}

/** Where the threads of a subject that missed a goal spent their time. */
function missedPart(scenario: ScenarioResult, result: SubjectResult): string {
  if (!missedGoal(scenario, result)) return '';
  const { subject, threads = [] } = result;
  const profile = threads.map(threadPart).join('');
  return profile === ''
    ? ''
    : `<details><summary>Where the time went: ${escaped(subject)}</summary>${profile}</details>`;
}

/** What keeps a scenario from its goals, where one is missed. */
function boundPart(found: readonly ScenarioResult[]): string {
  const missing = found.find((scenario) => scenario.results.some((result) => missedGoal(scenario, result)));
  const bound = scenarios.find(({ name }) => name === missing?.name)?.bound;
  return bound === undefined ? '' : `<p><strong>Why goals are missed.</strong> ${escaped(bound)}</p>`;
}

function threadPart({ thread, busyMs, idleMs, top }: ThreadTimes): string {
  const name = thread === 0 ? "the service's thread" : `thread ${thread}`;
  const rows = top.map(
    ({ what, share }) => `<tr><td>${(share * 100).toFixed(1)} %</td><td>${escaped(what)}</td></tr>`,
  );
  return `<p>${escaped(name)}: busy ${figure(busyMs)} ms, idle ${figure(idleMs)} ms, the start included</p><table>${rows.join('')}</table>`;
}

function figuresTable({ results, ratios, unit }: ScenarioResult): string {
  const rows = results.map(({ subject, version, median, min, max, p50Us, p99Us }) => {
    const compared = ratios
      .filter((ratio) => ratio.subject === subject)
      .map(
        (ratio) => `${figure(ratio.ratio)}× [${figure(ratio.min)} – ${figure(ratio.max)}] ${ratio.versus}`,
      );
    const cells = [
      compared.join('; '),
      subject,
      version,
      median === undefined ? 'failed' : figure(median),
      `${figure(min)} – ${figure(max)}`,
      figure(p50Us),
      figure(p99Us),
    ];
    return `<tr>${cells.map((cell) => `<td>${escaped(cell)}</td>`).join('')}</tr>`;
  });
  const heads = ['ratio', 'subject', 'version', unit, 'lowest – highest', 'p50 µs', 'p99 µs'];
  return `<table><thead><tr>${heads.map((head) => `<th>${escaped(head)}</th>`).join('')}</tr></thead><tbody>${rows.join('')}</tbody></table>`;
}

function extrasList({ results }: ScenarioResult): string {
  const lines = results.flatMap(({ subject, extra = {} }) =>
    Object.entries(extra).map(
      ([what, value]) => `<li>${escaped(subject)}: ${escaped(what)}: ${figure(value)}</li>`,
    ),
  );
  return lines.length === 0 ? '' : `<ul>${lines.join('')}</ul>`;
}
