/** The style of the page, light and dark. */
export const styleSheet = `
:root {
  --back: #ffffff; --text: #1b1f24; --faint: #5b6570; --line: #d5dae0;
  --ours: #b3261e; --others: #4a6fa5; --goal: #1d7a3e;
  --series-1: #b3261e; --series-2: #2f5d9b; --series-3: #7a5195; --series-4: #8a6d00;
}
@media (prefers-color-scheme: dark) {
  :root {
    --back: #14171a; --text: #e6e9ec; --faint: #a0a9b2; --line: #3a4149;
    --ours: #ff8a80; --others: #8ab4f8; --goal: #6dd58c;
    --series-1: #ff8a80; --series-2: #8ab4f8; --series-3: #d0a5f0; --series-4: #e3c85a;
  }
}
body { margin: 0; background: var(--back); color: var(--text); font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 60rem; margin: 0 auto; padding: 1rem; }
h1, h2 { line-height: 1.2; }
section { border-top: 1px solid var(--line); margin-top: 2rem; }
figure { margin: 1rem 0 2rem; }
figcaption { font-weight: 600; }
a { color: var(--others); }
nav ul { columns: 3 14rem; padding-left: 1rem; }
table { border-collapse: collapse; font-size: 14px; font-variant-numeric: tabular-nums; }
th, td { border-bottom: 1px solid var(--line); padding: 0.2rem 0.6rem; text-align: left; vertical-align: top; }
th { color: var(--faint); font-weight: 600; }
svg { max-width: 100%; height: auto; --plot-background: var(--back); }
.wide { overflow-x: auto; }
.met, .goal { color: var(--goal); }
.missed, .ours { color: var(--ours); }
.others { color: var(--others); }
`;
