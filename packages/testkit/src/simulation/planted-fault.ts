/** What a planted fault is, and the corners into which workloads are pushed so that one can show. */
import { calmWeather } from '../network-weather.ts';
import type { SimulationParts } from './parts.ts';
import { type Shape, type SimulationMode, weightsOf } from './shape.ts';

export interface PlantedFault {
  readonly name: string;
  readonly mode: SimulationMode;
  readonly parts: Partial<SimulationParts>;
  readonly aim?: Partial<Shape>;
}

/** Coordinators on hosts, so that partitions vote. */
export const votes: Partial<Shape> = { hosts: 3, partitions: 3, mainProcesses: 1, hostProcesses: 2 };

export const clogged = (clogChance: number, clogMeanMs: number): Pick<Shape, 'weather'> => ({
  weather: { ...calmWeather, delaySpread: 'long-tailed', clogChance, clogMeanMs },
});

/** Hosts that die often and are back before everybody has heard of it. */
export const quickReturns: Partial<Shape> = {
  hosts: 2,
  partitions: 2,
  mainProcesses: 3,
  hostProcesses: 2,
  operations: 90,
  deaths: 8,
  crashes: 0,
  restartDelay: 0,
  noticeDelay: 0,
  thinkDelay: 4,
  liveKeys: 2,
  mopsMax: 3,
  slots: 64,
  flushDelay: 0,
  keyedChance: 0,
  timeoutChance: 0,
  userAbortChance: 0,
  weights: weightsOf({ interactive: 3, snapshot: 2 }),
  ...clogged(0.2, 20),
};

/** Bodies that hear of their wound late. */
export const slowNews: Partial<Shape> = {
  hosts: 3,
  partitions: 3,
  mainProcesses: 2,
  hostProcesses: 2,
  operations: 90,
  deaths: 0,
  thinkDelay: 0,
  liveKeys: 3,
  mopsMax: 4,
  keyedChance: 0,
  timeoutChance: 0,
  userAbortChance: 0,
  weights: weightsOf({ interactive: 1 }),
  ...clogged(0.1, 30),
};

/** Few status words, slow flushes, deaths. */
export const scarceWords: Partial<Shape> = {
  hosts: 2,
  hostProcesses: 3,
  mainProcesses: 1,
  slots: 2,
  flushDelay: 4,
  deaths: 6,
};

/** Coordinators and participants on hosts that die, a log that takes its time, and no crash of all. */
export const dyingHosts: Partial<Shape> = {
  hosts: 3,
  partitions: 4,
  mainProcesses: 2,
  hostProcesses: 2,
  operations: 90,
  deaths: 8,
  crashes: 0,
  restartDelay: 2,
  logDelay: 10,
  thinkDelay: 0,
};

/** Transactions of hosts that write to several others, and die between two steps of their flushes. */
export const dyingCoordinators: Partial<Shape> = {
  hosts: 4,
  partitions: 6,
  mainProcesses: 1,
  hostProcesses: 2,
  operations: 90,
  deaths: 10,
  restartDelay: 0,
  thinkDelay: 0,
  flushDelay: 3,
  mopsMax: 4,
  liveKeys: 6,
  weights: weightsOf({ declared: 3, interactive: 1 }),
};

/** Crashes of the whole process while much waits for the flush. */
export const crashes: Partial<Shape> = {
  hosts: 2,
  partitions: 3,
  operations: 90,
  deaths: 0,
  crashes: 5,
  logDelay: 10,
  thinkDelay: 0,
};

/** Calls that are repeated after the deaths of some of the hosts they went to. */
export const repeatsAfterDeaths: Partial<Shape> = {
  hosts: 4,
  partitions: 8,
  mainProcesses: 2,
  hostProcesses: 1,
  operations: 90,
  deaths: 10,
  restartDelay: 0,
  thinkDelay: 0,
  mopsMax: 4,
  liveKeys: 6,
  keyedChance: 0.9,
  weights: weightsOf({ interactive: 1, declared: 1, procedure: 1 }),
};

/** Turns and transactions that want the same few actors and keys. */
export const withActors: Partial<Shape> = {
  liveKeys: 3,
  weights: weightsOf({ turn: 1, actors: 2, interactive: 1 }),
};

/** Storages that fail while much waits for the flush, and a while until the process ends for it. */
export const failures: Partial<Shape> = {
  hosts: 2,
  partitions: 3,
  operations: 90,
  deaths: 0,
  crashes: 2,
  failChance: 0.1,
  fullChance: 0,
  logDelay: 10,
  thinkDelay: 0,
};
