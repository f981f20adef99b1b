/**
 * Faults that the simulation must find, or its silence about the sound protocol proves nothing. `aim` pushes the
 * workload into the corner where a fault can show.
 */
import { logFaults } from './log-faults.ts';
import { memoryFaults } from './memory-faults.ts';
import type { PlantedFault } from './planted-fault.ts';

export type { PlantedFault };

export const plantedFaults: readonly PlantedFault[] = [...memoryFaults, ...logFaults];
