/**
 * What a simulated member has sent and not yet handed to its links. A member flushes once in a while, link by link, and
 * what has been handed to a link arrives. A death loses what waits, and may come between two links of a flush.
 */
import { formatAddress, type MemberAddress } from '../simulated-member.ts';

/** The messages of one flush to one peer. */
export type Frame = readonly (readonly unknown[])[];

export interface OutboxPorts {
  /** Calls `flush` a little later. */
  schedule(flush: () => void): void;
  post(to: MemberAddress, frame: Frame): void;
}

export class SimulatedOutbox {
  readonly #ports: OutboxPorts;
  readonly #waiting = new Map<
    string,
    { readonly to: MemberAddress; readonly messages: (readonly unknown[])[] }
  >();
  #beforeFlush: (() => void)[] = [];
  #afterFlush: (() => void)[] = [];
  #scheduled = false;

  constructor(ports: OutboxPorts) {
    this.#ports = ports;
  }

  push(to: MemberAddress, message: readonly unknown[]): void {
    const label = formatAddress(to);
    const waiting = this.#waiting.get(label);
    if (waiting === undefined) this.#waiting.set(label, { to, messages: [message] });
    else waiting.messages.push(message);
    this.#arm();
  }

  /** Runs `action` before the next flush: what it sends leaves with it. */
  beforeFlush(action: () => void): void {
    this.#beforeFlush.push(action);
    this.#arm();
  }

  /** Runs `action` once everything that waits now has been handed to its link. */
  afterFlush(action: () => void): void {
    this.#afterFlush.push(action);
    this.#arm();
  }

  flush(): void {
    const before = this.#beforeFlush;
    this.#beforeFlush = [];
    for (const action of before) action();
    this.#scheduled = false;
    this.flushLinks(this.#waiting.size);
    const actions = this.#afterFlush;
    this.#afterFlush = [];
    for (const action of actions) action();
  }

  /** Hands over what waits for the first `count` links; what is left is lost when the member dies now. */
  flushLinks(count: number): void {
    for (const [label, { to, messages }] of [...this.#waiting].slice(0, count)) {
      this.#waiting.delete(label);
      this.#ports.post(to, messages);
    }
  }

  get links(): number {
    return this.#waiting.size;
  }

  #arm(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#ports.schedule(() => this.flush());
  }
}
