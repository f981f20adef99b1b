/**
 * Tools for testing code that runs on Troupe: whole grids in virtual time, with probes in the place of others. And for
 * testing anything made of members and messages: virtual time, seeded chance, a simulated network, and checkers that
 * judge what clients saw.
 */

export { type BankRead, type BankRules, type BankViolation, checkBank } from './check-bank.ts';
export {
  type CounterLoss,
  type CounterOperation,
  type CounterViolation,
  checkCounter,
} from './check-counter.ts';
export { checkSet, type SetOperation, type SetVerdict } from './check-set.ts';
export { LeftoversError } from './grid/leftovers.ts';
export {
  type CallOf,
  createProbe,
  type Probe,
  type Probeable,
  type ProbeCall,
  type ProbedMethods,
  ProbeError,
  type ProbeWait,
} from './grid/probe.ts';
export { createTestGrid, StuckError, type TestGrid, type TestGridOptions } from './grid/test-grid.ts';
export { SeedError, type SeededGridOptions, withTestGrid } from './grid/with-test-grid.ts';
export {
  type AppendMop,
  type ClearMop,
  History,
  type KeyOfGeneration,
  type ListAppendMop,
  type OpenOperation,
  type OperationOutcome,
  type ProcessRecorder,
  type ReadListMop,
  type ReadRegisterMop,
  type RecordedOperation,
  type RegisterMop,
  recordedKey,
  tryParseRecordedKey,
  type WriteMop,
} from './history.ts';
export {
  type Anomaly,
  type AnomalyType,
  type CycleType,
  type HistoryVerdict,
  MalformedHistoryError,
} from './history-checker/anomaly-report.ts';
export { checkListAppend } from './history-checker/check-history.ts';
export { type CheckRegisterOptions, checkRegister } from './history-checker/check-register.ts';
export type { RegisterVersionOrder } from './history-checker/register-edges.ts';
export { ListAppendWorkload, type ListAppendWorkloadOptions } from './list-append-workload.ts';
export {
  type GenerationRules,
  type HomeLoss,
  type NamedHistory,
  nameGenerations,
  type StampedOperation,
} from './name-generations.ts';
export { type NetworkCodec, structuredCloneCodec } from './network-codec.ts';
export type { NetworkEvent } from './network-event.ts';
export { calmWeather, type DelaySpread, drawNetworkWeather, type NetworkWeather } from './network-weather.ts';
export { SeededRandom } from './seeded-random.ts';
export {
  formatAddress,
  type MemberAddress,
  type MemberBehaviour,
  type MemberContext,
  type MemberFactory,
} from './simulated-member.ts';
export { SimulatedNetwork, type SimulatedNetworkOptions } from './simulated-network.ts';
export {
  type OpenEngine,
  pictureOf,
  readPicture,
  type StorageEngineCase,
  type StoredChange,
  type StoredPicture,
  storageEngineCases,
  storedCommit,
} from './storage-engine-cases.ts';
export { TraceDigest } from './trace-digest.ts';
export { type ClockPort, type Timer, VirtualTime, type VirtualTimeOptions } from './virtual-time.ts';
