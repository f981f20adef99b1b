/** What serves a storage to the members of a grid: the commit log. */
import type { WireStorage } from '@troupe/core';
import { beginEpoch, LogService, type LogSettings } from '@troupe/transactions';

export const wireStorage: WireStorage = {
  begin: beginEpoch,
  serve: (member, engine, settings) => new LogService(member, engine, settings as LogSettings),
};
