/** What a simulated network reports to its observers: one event per step, after the step. */

import type { MemberAddress } from './simulated-member.ts';

/** What the network did. A `dropped` message had a dead end; nothing else gets lost. */
export type NetworkEvent<Message> =
  | {
      readonly kind: 'delivered';
      readonly from: MemberAddress;
      readonly to: MemberAddress;
      readonly message: Message;
    }
  | {
      readonly kind: 'dropped';
      readonly from: MemberAddress;
      readonly to: MemberAddress;
      readonly count: number;
    }
  | { readonly kind: 'loss-noticed'; readonly lost: MemberAddress; readonly by: MemberAddress }
  | { readonly kind: 'start-noticed'; readonly started: MemberAddress; readonly by: MemberAddress }
  | { readonly kind: 'timer-fired'; readonly member: MemberAddress }
  | { readonly kind: 'started' | 'killed' | 'paused' | 'resumed'; readonly member: MemberAddress };
