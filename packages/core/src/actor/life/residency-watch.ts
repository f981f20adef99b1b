/** Passivates the actors of a thread by and by. Time is looked at when the timer fires, not at each message. */
import { residencySweepMsMax, residencySweepsPerIdle } from '../../limits.ts';
import type { ActorPorts } from '../turn/actor-ports.ts';
import { Residency, type Resident } from './residency.ts';

export class ResidencyWatch {
  readonly #residency: Residency;
  readonly #stop: (() => void) | undefined;
  #nowMs: number;

  constructor(residency: Residency, ports: Pick<ActorPorts, 'now' | 'every'>, idleMsMin: number) {
    this.#residency = residency;
    this.#nowMs = ports.now();
    if (!Number.isFinite(idleMsMin)) return;
    const periodMs = Math.min(residencySweepMsMax, Math.max(1, idleMsMin / residencySweepsPerIdle));
    this.#stop = ports.every(periodMs, () => {
      this.#nowMs = ports.now();
      residency.sweep(this.#nowMs, idleMsMin);
    });
  }

  get count(): number {
    return this.#residency.count;
  }

  use(resident: Resident): void {
    const isNew = !resident.resides;
    this.#residency.use(resident, this.#nowMs);
    if (isNew) this.#residency.makeRoom();
  }

  remove(resident: Resident): void {
    this.#residency.remove(resident);
  }

  close(): void {
    this.#stop?.();
  }
}

/** Undefined where no actor is ever passivated for its idleness or its number: then nothing is kept. */
export function watchResidency(
  idleMsMin: number,
  residentsMax: number | undefined,
  ports: Pick<ActorPorts, 'now' | 'every'>,
): ResidencyWatch | undefined {
  if (!Number.isFinite(idleMsMin) && residentsMax === undefined) return undefined;
  return new ResidencyWatch(new Residency(residentsMax ?? Number.POSITIVE_INFINITY), ports, idleMsMin);
}
