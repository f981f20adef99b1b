/** The protocol cores of transactions under simulation, and the faults that it must find. */
export type { Counters } from './counters.ts';
export { type SimulationParts, soundParts } from './parts.ts';
export { type PlantedFault, plantedFaults } from './planted-faults.ts';
export { type OperationKind, type Shape, type SimulationMode, weightsOf } from './shape.ts';
export { type SimulationOptions, type SimulationResult, simulate } from './simulate.ts';
