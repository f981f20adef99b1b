import { testSeeds } from './clean-seeds.ts';

testSeeds(500, 250);
