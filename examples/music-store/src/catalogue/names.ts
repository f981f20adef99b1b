// Names for a generated catalogue. Each is decided by its number alone and differs from all others of its kind.

const adjectives = [
  'Velvet',
  'Silver',
  'Electric',
  'Midnight',
  'Golden',
  'Broken',
  'Crimson',
  'Distant',
  'Hollow',
];
const places = [
  'Harbour',
  'Meadow',
  'River',
  'Tower',
  'Garden',
  'Station',
  'Valley',
  'Island',
  'Bridge',
  'Forest',
];
const things = [
  'Lanterns',
  'Wolves',
  'Echoes',
  'Sparrows',
  'Engines',
  'Shadows',
  'Mirrors',
  'Comets',
  'Foxes',
];
const firstNames = [
  'Ada',
  'Bruno',
  'Chidi',
  'Dana',
  'Emil',
  'Farah',
  'Goran',
  'Hana',
  'Ivo',
  'Jia',
  'Kofi',
  'Lena',
];
const lastNames = [
  'Almeida',
  'Berger',
  'Costa',
  'Dahl',
  'Eriksen',
  'Fontaine',
  'Greco',
  'Horvat',
  'Ito',
  'Jansen',
];

/** Genres from the best-selling to the least. */
export const genreNames = [
  'Rock',
  'Pop',
  'Metal',
  'Latin',
  'Hip Hop',
  'Electronic',
  'Jazz',
  'Alternative',
  'Blues',
  'Classical',
  'Reggae',
  'Country',
  'Soundtrack',
  'Folk',
  'World',
  'Opera',
];

export function artistName(index: number): string {
  return numbered(
    index,
    [adjectives, places, things],
    ([adjective, place, thing]) => `${adjective} ${place} ${thing}`,
  );
}

export function albumTitle(index: number): string {
  return numbered(
    index,
    [things, adjectives, places],
    ([thing, adjective, place]) => `${thing} of the ${adjective} ${place}`,
  );
}

export function trackName(index: number): string {
  return numbered(
    index,
    [places, things, adjectives],
    ([place, thing, adjective]) => `${adjective} ${thing} (${place})`,
  );
}

export function customerName(index: number): string {
  return numbered(index, [firstNames, lastNames], ([first, last]) => `${first} ${last}`);
}

/**
 * One word of each list, as the digits of the number; a number too large for the lists is written behind. Each word
 * shifts the choice of the next, so that neighbours differ in more than one.
 */
function numbered(index: number, lists: readonly string[][], join: (words: string[]) => string): string {
  const words: string[] = [];
  let rest = index;
  let shift = 0;
  for (const list of lists) {
    const place = (rest + shift) % list.length;
    words.push(list[place] ?? '');
    rest = Math.floor(rest / list.length);
    shift += place;
  }
  return rest === 0 ? join(words) : `${join(words)} ${rest + 1}`;
}
