/** A result of 10 MB, as jobs answer it and as raw messages carry it. */
import { mustEqual } from './entries.ts';

export const sampleCount = 1_250_000;

/** Throws unless these are all samples. */
export function mustBeAllSamples(found: Float64Array): void {
  mustEqual(found.length, sampleCount, 'the number of samples');
  mustEqual(found[sampleCount - 1], 1, 'the last sample');
}
