import { testSeeds } from './clean-seeds.ts';

testSeeds(750, 250);
