// What a customer likes, told from what is owned and how often it is played. Pure; the job hands in the rows.

interface OwnedTrack {
  readonly trackId: number;
  readonly artistId: number;
  readonly genreId: number;
}

/** Weights of artists and genres, and the artists from the best liked down. */
export interface Taste {
  readonly artistIds: readonly number[];
  readonly artistWeights: ReadonlyMap<number, number>;
  readonly genreWeights: ReadonlyMap<number, number>;
}

/** Owning a track counts once, each play once more. */
export function favourites(library: readonly OwnedTrack[], playsOf: (trackId: number) => number): Taste {
  const artistWeights = new Map<number, number>();
  const genreWeights = new Map<number, number>();
  for (const { trackId, artistId, genreId } of library) {
    const weight = 1 + playsOf(trackId);
    artistWeights.set(artistId, (artistWeights.get(artistId) ?? 0) + weight);
    genreWeights.set(genreId, (genreWeights.get(genreId) ?? 0) + weight);
  }
  const artistIds = [...artistWeights]
    .sort(([a, weightA], [b, weightB]) => weightB - weightA || a - b)
    .map(([id]) => id);
  return { artistIds, artistWeights, genreWeights };
}

/** How well a track of an artist in a genre fits. */
export function scoreOf(taste: Taste, artistId: number, genreId: number): number {
  return (taste.artistWeights.get(artistId) ?? 0) + (taste.genreWeights.get(genreId) ?? 0);
}
