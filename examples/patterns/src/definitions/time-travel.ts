import { table } from 'troupe';

/** Prices in cents, by the name of the track. */
export const prices = table<string, number>('prices');
