/** A table of short texts. Loaded on every host. */
import { table } from 'troupe';

export const texts = table<string, string>('texts');
