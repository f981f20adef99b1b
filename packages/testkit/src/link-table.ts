/**
 * The links of a simulated network: one per ordered pair of incarnations, made at first use. Each has a
 * random stream of its own, so a message on one link doesn't shift the delays of another.
 */

import type { SeededRandom } from './seeded-random.ts';
import { type LinkHost, SimulatedLink } from './simulated-link.ts';
import { formatAddress, isSameMember, type MemberAddress } from './simulated-member.ts';

/** A link with its ends. */
export interface LinkRecord<Wire> {
  readonly from: MemberAddress;
  readonly to: MemberAddress;
  readonly link: SimulatedLink<Wire>;
  readonly random: SeededRandom;
}

/** Every link that may still deliver something. */
export class LinkTable<Wire> {
  readonly #records = new Map<string, LinkRecord<Wire>>();
  readonly #random: SeededRandom;
  readonly #hostOf: (from: MemberAddress, to: MemberAddress) => LinkHost<Wire>;

  constructor(random: SeededRandom, hostOf: (from: MemberAddress, to: MemberAddress) => LinkHost<Wire>) {
    this.#random = random;
    this.#hostOf = hostOf;
  }

  /** The link between two incarnations. */
  between(from: MemberAddress, to: MemberAddress): LinkRecord<Wire> {
    const label = labelOf(from, to);
    const known = this.#records.get(label);
    if (known !== undefined) return known;
    const link = new SimulatedLink<Wire>(label, this.#hostOf(from, to));
    const record = { from, to, link, random: this.#random.fork(`link ${label}`) };
    this.#records.set(label, record);
    return record;
  }

  /** A copy of the list: links may be removed while it is walked. */
  all(): LinkRecord<Wire>[] {
    return [...this.#records.values()];
  }

  to(address: MemberAddress): LinkRecord<Wire>[] {
    return this.all().filter((record) => isSameMember(record.to, address));
  }

  from(address: MemberAddress): LinkRecord<Wire>[] {
    return this.all().filter((record) => isSameMember(record.from, address));
  }

  remove(from: MemberAddress, to: MemberAddress): void {
    this.#records.delete(labelOf(from, to));
  }
}

function labelOf(from: MemberAddress, to: MemberAddress): string {
  return `${formatAddress(from)}>${formatAddress(to)}`;
}
