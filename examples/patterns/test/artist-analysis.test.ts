import { startGrid } from 'troupe';
import { expect, test } from 'vitest';
import { analyseArtist } from '../dist/definitions/artist-analysis.js';
import { albums, artists } from '../dist/definitions/catalogue.js';
import { definitionModules } from './definition-modules.ts';
import { runScript } from './run-script.ts';

test('artist-analysis tells of every artist from the host that has the artist', async () => {
  const { code, stderr, lines } = await runScript('artist-analysis');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(lines[0]).toMatch(
    /^The Wound Waits \(No Deadlock, Older First\): 4 tracks, 962 s, longest Circle Of None/,
  );
  expect(lines).toHaveLength(5);
  const hosts = new Set(lines.map((line) => /host (\d)$/.exec(line)?.[1]));
  expect(hosts).toEqual(new Set(['0', '1', undefined]));
});

test('analyseArtist leaves out other artists of its partition, and refuses to run where the artist is not', async () => {
  const modules = definitionModules('catalogue', 'artist-analysis');
  await using grid = await startGrid({ modules, threads: 0, partitions: 2 });
  const ids = Array.from({ length: 10 }, (_, id) => id);
  await grid.table(artists).setMany(ids.map((id) => [id, { name: `artist ${id}` }]));
  await grid.table(albums).setMany(ids.map((id) => [[id, id], { title: `album ${id}` }]));
  const found = await Promise.all(
    ids.map((id) => grid.compute.run(analyseArtist, id, { at: albums.affinityKey(id) })),
  );
  expect(found.map(({ artist, albums: titles, tracks }) => [artist, titles, tracks])).toEqual(
    ids.map((id) => [`artist ${id}`, [`album ${id}`], 0]),
  );
  const elsewhere = ids.find((id) => found[id]?.partition !== found[0]?.partition) ?? -1;
  await expect(grid.compute.run(analyseArtist, 0, { at: artists.key(elsewhere) })).rejects.toMatchObject({
    code: 'INVALID_ARGUMENT',
    message: expect.stringContaining('is not here') as string,
  });
});
