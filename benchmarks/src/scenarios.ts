/**
 * The list of everything that is measured. A further peer is one more subject under `scenarios/` and a file under `subjects/`,
 * `stores/` or `records/`; its module is imported in the process that measures it and nowhere else.
 */
import type { Scenario } from './scenario.ts';
import { actorScenarios } from './scenarios/actors.ts';
import { computeScenarios } from './scenarios/compute.ts';
import { growthScenarios } from './scenarios/growth.ts';
import { savinaScenarios } from './scenarios/savina.ts';
import { snapshotScenarios } from './scenarios/snapshots.ts';
import { startUpScenarios } from './scenarios/start-up.ts';
import { storageScenarios } from './scenarios/storage.ts';
import { tableScenarios } from './scenarios/tables.ts';
import { transactionScenarios } from './scenarios/transactions.ts';
import { transportScenarios } from './scenarios/transport.ts';

export const scenarios: readonly Scenario[] = [
  ...transportScenarios,
  ...tableScenarios,
  ...transactionScenarios,
  ...snapshotScenarios,
  ...computeScenarios,
  ...storageScenarios,
  ...growthScenarios,
  ...startUpScenarios,
  ...actorScenarios,
  ...savinaScenarios,
];
