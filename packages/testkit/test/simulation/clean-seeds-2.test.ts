import { testSeeds } from './clean-seeds.ts';

testSeeds(250, 250);
