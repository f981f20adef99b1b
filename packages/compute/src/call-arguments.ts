/** Checks of what users hand to `compute`: definitions and options. */
import {
  type AnyTable,
  callOptionNamesWith,
  checkCallOptions,
  InvalidArgumentError,
  isDefinition,
  mustBe,
  mustBeFunction,
  mustBeInteger,
} from '@troupe/core';
import type { BroadcastOptions, StreamRunOptions } from './compute-client.ts';
import { mustBePriority } from './execution.ts';
import type { AnyJob } from './job.ts';
import type { AnyMapReduce } from './map-reduce.ts';
import type { AttemptOptions } from './outgoing-call.ts';
import type { JobTarget } from './target.ts';

export type AnyRunOptions = AttemptOptions & {
  readonly at?: JobTarget;
  readonly over?: AnyTable;
  readonly transaction?: boolean | undefined;
  readonly onFailedPart?: 'fail' | 'skip' | undefined;
};

export function labelOf({ kind, name }: AnyJob | AnyMapReduce): string {
  return kind === 'job' ? `job '${name}'` : `map-reduce '${name}'`;
}

export function mustBeKind(definition: unknown, kinds: readonly string[], method: string): void {
  if (isDefinition(definition) && kinds.includes(definition.kind)) return;
  const what = kinds.length === 1 ? 'a job' : 'a job or a map-reduce';
  if (isDefinition(definition)) {
    throw new InvalidArgumentError(
      `compute.${method} takes ${what}, got the ${definition.kind} '${definition.name}'`,
      {
        details: { argument: 'job', kind: definition.kind, name: definition.name },
      },
    );
  }
  mustBe(false, 'job', `${what} made by job()${kinds.length === 1 ? '' : ' or mapReduce()'}`, definition);
}

/** `where`: the option that says where it runs. */
const optionNames = {
  at: callOptionNamesWith('at', 'retries', 'shouldRetry', 'priority', 'transaction'),
  over: callOptionNamesWith('over', 'retries', 'shouldRetry', 'priority'),
};
const mapReduceOptionNames = [...optionNames.over, 'onFailedPart'];
const streamOptionNames = callOptionNamesWith('at', 'over', 'priority');

export function checkRunOptions(
  options: AnyRunOptions | BroadcastOptions,
  where: 'at' | 'over',
  definition: AnyJob | AnyMapReduce,
): void {
  mustBeOptions(options, `\`${where}\``);
  const other = where === 'at' ? 'over' : 'at';
  if (other in options && options[other as keyof typeof options] !== undefined) {
    throw new InvalidArgumentError(
      `\`${other}\` is not for ${labelOf(definition)} here: it takes \`${where}\` (compute.run of a job takes \`at\`; a map-reduce and a broadcast take \`over\`)`,
      { details: { argument: other } },
    );
  }
  const names = definition.kind === 'mapReduce' ? mapReduceOptionNames : optionNames[where];
  checkCallOptions(options, names);
  const { onFailedPart = 'fail' } = options as AnyRunOptions;
  mustBe(
    onFailedPart === 'fail' || onFailedPart === 'skip',
    'onFailedPart',
    "'fail' or 'skip'",
    onFailedPart,
  );
  if ('transaction' in options && options.transaction !== undefined)
    mustBe(typeof options.transaction === 'boolean', 'transaction', 'true or false', options.transaction);
  if (options.retries !== undefined) mustBeInteger(options.retries, 'retries', 0, Number.MAX_SAFE_INTEGER);
  if (options.shouldRetry !== undefined) mustBeFunction(options.shouldRetry, 'shouldRetry');
  if (options.priority !== undefined) mustBePriority(options.priority);
}

export function checkStreamOptions(options: StreamRunOptions, definition: AnyJob): void {
  mustBeOptions(options, '`at` or `over`');
  if ('at' in options && 'over' in options) {
    throw new InvalidArgumentError(
      `a stream of ${labelOf(definition)} takes \`at\` or \`over\`, not both: one place, or the partitions of a table`,
      { details: { argument: 'over' } },
    );
  }
  checkCallOptions(options, streamOptionNames);
  if (options.priority !== undefined) mustBePriority(options.priority);
}

function mustBeOptions(options: unknown, names: string): void {
  mustBe(
    typeof options === 'object' && options !== null,
    'options',
    `an options object with ${names}`,
    options,
  );
}
