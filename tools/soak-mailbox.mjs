// A sender that is faster than an actor, for five minutes (or as many seconds as the first argument says): fails when
// something that was accepted is lost, or when memory grows. Run it by `npm run soak`.
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const seconds = Number(process.argv[2] ?? 300);
const growthMbMax = 10;
const program = fileURLToPath(new URL('../packages/troupe/test/fixtures/fast-teller.mjs', import.meta.url));
for (const threads of [1, 0]) {
  const args = ['--expose-gc', program, threads, 200_000, seconds].map(String);
  const { accepted, ground, heaps } = JSON.parse(
    execFileSync(process.execPath, args, { encoding: 'utf8', maxBuffer: 2 ** 26 }),
  );
  const growthMb = [0, 1].map((end) => heaps.at(-1)[end] - heaps[1][end]);
  process.stdout.write(`threads ${threads}: ${JSON.stringify({ accepted, ground, growthMb })}\n`);
  if (accepted !== ground || Math.max(...growthMb) > growthMbMax) process.exitCode = 1;
}
