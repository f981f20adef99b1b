/**
 * What the life of an activation does to it: where its state comes from and goes to, what its supervision makes of hooks
 * that fail, and its end.
 */
import type { Kept, KeptWrites, PartitionConcurrency } from '../../partition/partition-concurrency.ts';
import type { ActorType } from '../actor-type.ts';
import type { ActorSupervisor, Fate } from '../failure/actor-supervisor.ts';
import { actorStopped } from '../mail/refusals.ts';
import type { Activation } from './activation.ts';
import type { ActivationPort } from './activation-port.ts';
import type { OwnContext } from './actor-context.ts';
import type { KeptState, Living } from './actor-life.ts';
import type { StoredState } from './stored-states.ts';

export class ActorLiving implements Living {
  readonly #activation: Activation;
  readonly #port: ActivationPort;
  readonly #concurrency: PartitionConcurrency;
  /** What the storage has of it, in a grid that has one. */
  readonly #stored: StoredState | undefined;
  readonly #supervisor: ActorSupervisor | undefined;

  constructor(
    activation: Activation,
    port: ActivationPort,
    concurrency: PartitionConcurrency,
    stored: StoredState | undefined,
    supervisor: ActorSupervisor | undefined,
  ) {
    this.#activation = activation;
    this.#port = port;
    this.#concurrency = concurrency;
    this.#stored = stored;
    this.#supervisor = supervisor;
  }

  get type(): ActorType {
    return this.#activation.type;
  }

  get context(): OwnContext {
    return this.#activation.context;
  }

  get isWanted(): boolean {
    return this.#activation.isWanted;
  }

  get isStored(): boolean {
    return this.#stored !== undefined;
  }

  // ── its state ─────────────────────────────────────────────────────────────────────────────────────────────────

  takeState(): KeptState | undefined {
    return this.#stored === undefined ? this.#port.takeState(this.#activation) : this.#stored.restored();
  }

  stateMade(state: unknown): void {
    this.#stored?.began(state, this.type);
  }

  storeState(): Promise<void> | undefined {
    if (this.#stored === undefined) return undefined;
    return new Promise((resolve, reject) => {
      this.keepState((error) => (error === undefined ? resolve() : reject(error)));
    });
  }

  /** Makes the state durable; what can't be is undone. */
  keepState(done: Kept): void {
    const stored = this.#stored as StoredState;
    const { type, key } = this.#activation;
    stored.keep(this.context.state, type, key, this.#concurrency.writes as KeptWrites, (error) => {
      if (error !== undefined) {
        this.#activation.stateChanged();
        this.context.state = stored.restored()?.state;
      }
      done(error);
    });
  }

  packAway(state: unknown): void {
    if (this.#stored === undefined) this.#port.passivated(this.#activation, state);
    else this.#port.over(this.#activation);
  }

  notPassivated(error: unknown): void {
    this.#port.notPassivated(this.#activation, error);
  }

  settled(later: boolean): void {
    this.#activation.settled();
    if (later) this.#offer();
  }

  // ── failures ──────────────────────────────────────────────────────────────────────────────────────────────────

  startFailed(error: unknown, isPackedAway: boolean): void {
    if (!isPackedAway) this.#port.over(this.#activation);
    this.#activation.end(error);
  }

  failedStart(error: unknown): Fate | undefined {
    const fate = this.#supervisor?.failedStart(error);
    if (fate?.action === 'restart') this.#port.judged(this.#activation, fate);
    return fate;
  }

  failedStop(error: unknown): Fate | undefined {
    return this.#supervisor?.failedStop(error);
  }

  started(): void {
    this.#supervisor?.started();
  }

  perish(fate: Fate): void {
    const { type, key } = this.#activation;
    this.#port.over(this.#activation);
    this.#port.judged(this.#activation, fate);
    this.#activation.end(fate.phase === 'activate' ? fate.error : actorStopped(type, key, fate));
  }

  restartHookFailed(error: unknown): void {
    this.#port.restartHookFailed(this.#activation, error);
  }

  after(ms: number, run: () => void): void {
    this.#port.after(ms, () => {
      run();
      this.#offer();
    });
  }

  #offer(): void {
    if (this.#activation.runnable) this.#port.runnable(this.#activation);
  }
}
