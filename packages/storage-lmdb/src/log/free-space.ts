/**
 * Whether there is room to go on. Writes are refused while some is left: the fold that makes room needs room itself, and
 * a refusal before a write costs nothing, while a disk that runs full in the middle of one must be cleaned up after.
 */
import { freeCheckBytes, freeCheckFullMs, freeCheckMs } from '../limits.ts';
import type { LogFiles } from './log-files.ts';

export class FreeSpace {
  readonly bytesMin: number;
  readonly #files: LogFiles;
  readonly #now: () => number;
  #bytes = Number.POSITIVE_INFINITY;
  #usedSince = 0;
  #askAt = Number.NEGATIVE_INFINITY;

  /** `bytesMin` 0: until a write finds it full. `now`: milliseconds. */
  constructor(files: LogFiles, bytesMin: number, now: () => number) {
    this.#files = files;
    this.bytesMin = bytesMin;
    this.#now = now;
  }

  /** When last asked. */
  get bytes(): number {
    return this.#bytes;
  }

  used(bytes: number): void {
    this.#usedSince += bytes;
  }

  /** A write found the disk full, whatever it had said. */
  ranOut(): void {
    this.#bytes = 0;
    this.#askAt = this.#now() + freeCheckFullMs;
  }

  async isShort(): Promise<boolean> {
    const now = this.#now();
    if (now >= this.#askAt || this.#usedSince >= freeCheckBytes) {
      // Where it can't be told, a write will tell.
      this.#bytes = await this.#files.freeBytes().catch(() => Number.POSITIVE_INFINITY);
      this.#usedSince = 0;
      this.#askAt = now + (this.#isBelow() ? freeCheckFullMs : freeCheckMs);
    }
    return this.#isBelow();
  }

  describe(): string {
    return `${this.#bytes} bytes are free, and ${this.bytesMin} must be`;
  }

  #isBelow(): boolean {
    return this.#bytes < this.bytesMin || this.#bytes === 0;
  }
}
