/**
 * Which of the active actors of a thread are to be passivated: those that nobody has used for a while, and the least
 * recently used ones where there are more than may be. Pure; the list runs through the actors, so a use costs a few
 * steps however many there are.
 */

/** An active actor in the list. */
export interface Resident {
  older: Resident | undefined;
  newer: Resident | undefined;
  /** It stands in the list. */
  resides: boolean;
  usedMs: number;
  /** How long it may be idle; undefined: for ever. */
  readonly idleMsMax: number | undefined;
  /** Passivates it unless it is in use. */
  passivate(reason: 'idle' | 'pressure'): boolean;
}

/** Actors that are looked at for one that must make room: some may be in use. */
const looksForRoom = 8;

export class Residency {
  readonly #residentsMax: number;
  #oldest: Resident | undefined;
  #newest: Resident | undefined;
  #count = 0;

  constructor(residentsMax: number) {
    this.#residentsMax = residentsMax;
  }

  get count(): number {
    return this.#count;
  }

  /** It is active, and was used now. */
  use(resident: Resident, nowMs: number): void {
    resident.usedMs = nowMs;
    if (resident === this.#newest) return;
    if (resident.resides) this.#unlink(resident);
    else {
      resident.resides = true;
      this.#count++;
    }
    resident.older = this.#newest;
    if (this.#newest === undefined) this.#oldest = resident;
    else this.#newest.newer = resident;
    this.#newest = resident;
  }

  /** It is active no more. */
  remove(resident: Resident): void {
    if (!resident.resides) return;
    resident.resides = false;
    this.#count--;
    this.#unlink(resident);
  }

  /** Passivates as many as there are too many, the least recently used first; fewer when those are in use. */
  makeRoom(): void {
    let at = this.#oldest;
    for (
      let looks = 0;
      this.#count > this.#residentsMax && at !== undefined && looks < looksForRoom;
      looks++
    ) {
      const { newer } = at;
      at.passivate('pressure');
      at = newer;
    }
  }

  /** Passivates those that have been idle for too long; none may be passivated before `idleMsMin`. */
  sweep(nowMs: number, idleMsMin: number): void {
    let at = this.#oldest;
    while (at !== undefined && nowMs - at.usedMs >= idleMsMin) {
      const { newer, idleMsMax, usedMs } = at;
      if (idleMsMax !== undefined && nowMs - usedMs >= idleMsMax) at.passivate('idle');
      at = newer;
    }
  }

  #unlink(resident: Resident): void {
    const { older, newer } = resident;
    if (older === undefined) this.#oldest = newer;
    else older.newer = newer;
    if (newer === undefined) this.#newest = older;
    else newer.older = older;
    resident.older = undefined;
    resident.newer = undefined;
  }
}
