/** The protocol cores of transactions under simulation, and the faults that it must find. */
export { type Counters } from './counters.ts';
export { type SimulationParts, soundParts } from './parts.ts';
export { type OperationKind, type Shape, weightsOf } from './shape.ts';
export { simulate, type SimulationOptions, type SimulationResult } from './simulate.ts';
export { type PlantedFault, plantedFaults } from './planted-faults.ts';
