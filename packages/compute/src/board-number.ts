/** How the definitions of jobs and map-reduces, which are numbered separately, stand on a board: as one number. */
import type { DefinitionKind } from '@troupe/core';
import type { HostedJob } from './hosted-job.ts';
import { ComputeOp } from './messages.ts';

export function boardNumberOf({ op, definition }: HostedJob): number {
  return op === ComputeOp.map ? -1 - definition : definition;
}

/** The definition a number on a board stands for. */
export function definitionOnBoard(number: number): { readonly kind: DefinitionKind; readonly id: number } {
  return number < 0 ? { kind: 'mapReduce', id: -1 - number } : { kind: 'job', id: number };
}
