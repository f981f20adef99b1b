/** What one genre, artist or customer has brought in. */
export interface Revenue {
  readonly id: number;
  readonly cents: number;
}

/** The highest first; equal ones by id, so that lists are the same each time. */
export function byCentsDescending(a: Revenue, b: Revenue): number {
  return b.cents - a.cents || a.id - b.id;
}
