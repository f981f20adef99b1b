/** What the actors of a member stand on. */
import type { CronCalendar } from '../definition/reminder-time.ts';
import type { Client } from '../mesh/client.ts';
import type { JoinedTransactions } from '../mesh/joined-calls.ts';
import type { Member } from '../mesh/member.ts';
import type { OwnedPartitions } from '../partition/partition.ts';
import type { ActorPorts } from './actor-ports.ts';
import type { ActorTypes } from './actor-type.ts';

/** What the service of a member stands on. */
export interface ActorServiceParts {
  readonly member: Member;
  readonly types: ActorTypes;
  readonly owned: OwnedPartitions;
  /** What methods find in their context; asked for once, at the first activation. */
  readonly client: () => Client;
  /** Lets calls that transactions make be part of them; without it there are none. */
  readonly joins?: JoinedTransactions;
  readonly ports?: ActorPorts;
  /** Actors that may be active on this thread; more are passivated. Default: any number. */
  readonly residentsMax?: number | undefined;
  /** Are the keys that get most messages to be found? Default: no. */
  readonly hotKeys?: boolean | undefined;
  /** Reads cron expressions; without it reminders take none. */
  readonly calendar?: CronCalendar;
}
