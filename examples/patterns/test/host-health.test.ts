import { expect, test } from 'vitest';
import { runScript } from './run-script.ts';

test('host-health tells of threads, and of a host that is busy or dead', async () => {
  const { code, stderr, lines } = await runScript('host-health');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const host = (id: number, thread: number) =>
    new RegExp(`^  host ${id}, 32 partitions: thread ${thread}, heap \\d+ MiB, \\d+ tracks$`);
  const expected = [
    'All is well',
    host(0, 1),
    host(1, 2),
    'A job keeps host 1 busy',
    host(0, 1),
    '  host 1, 32 partitions: DOWN, TIMEOUT',
    'The job is canceled',
    host(0, 1),
    host(1, 2),
    'Host 1 is killed',
    host(0, 1),
    '  host 1, 32 partitions: DOWN, restarting',
    'It has a new thread, which begins empty',
    host(0, 1),
    host(1, 3),
  ];
  expect(lines).toEqual(
    expected.map((line) => (line instanceof RegExp ? (expect.stringMatching(line) as string) : line)),
  );
});
