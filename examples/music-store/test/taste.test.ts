import { describe, expect, test } from 'vitest';
import { favourites, scoreOf } from '../dist/taste.js';

const library = [
  { trackId: 1, artistId: 10, genreId: 100 },
  { trackId: 2, artistId: 10, genreId: 200 },
  { trackId: 3, artistId: 20, genreId: 200 },
  { trackId: 4, artistId: 5, genreId: 300 },
];

describe('the taste of a customer', () => {
  test('is told by what is owned when nothing was played; equals go by id', () => {
    expect(favourites(library, () => 0).artistIds).toEqual([10, 5, 20]);
  });

  test('is told by plays more than by owning', () => {
    const taste = favourites(library, (trackId) => (trackId === 3 ? 5 : 0));
    expect(taste.artistIds).toEqual([20, 10, 5]);
    expect(scoreOf(taste, 20, 200)).toBe(6 + 7);
    expect(scoreOf(taste, 10, 100)).toBe(2 + 1);
    expect(scoreOf(taste, 10, 999)).toBe(2);
  });

  test('of an empty library is empty', () => {
    expect(favourites([], () => 1).artistIds).toEqual([]);
  });
});
