/** What the thread of the storage runs. */
import { runStorage } from '@troupe/core';
import { wireStorage } from './wire-storage.ts';

await runStorage(wireStorage);
