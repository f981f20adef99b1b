import { testSeeds } from './clean-seeds.ts';

testSeeds(0, 250);
