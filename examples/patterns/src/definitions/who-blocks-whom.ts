import { table } from 'troupe';

/** Copies in stock, by the title of the record. */
export const stock = table<string, number>('stock');
