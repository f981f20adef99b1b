/** How figures are written. */

/** Three digits say all there is to say. */
export function figure(value: number | undefined | null): string {
  return value === undefined || value === null || Number.isNaN(value)
    ? ''
    : value.toLocaleString('en', { maximumSignificantDigits: 3 });
}

/** For text between tags and in attributes. */
export function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
