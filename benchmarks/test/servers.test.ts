import { existsSync, mkdtempSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { freePort, launch, ServerMissingError } from '../dist/servers/server.js';
import { Servers } from '../dist/servers/servers.js';

const missing = () => Promise.reject(new ServerMissingError('it is not installed (apt-get install it)'));

describe('servers', () => {
  test('are started when the first subject needs them, once, and stopped at the end', async () => {
    const log: string[] = [];
    const start = async () => {
      log.push('start');
      return { version: 'redis 7', address: '1234', stop: async () => void log.push('stop') };
    };
    const servers = new Servers({ redis: start, postgres: missing, 'postgres-durable': missing });
    expect(log).toEqual([]);
    expect(await servers.provide('redis')).toEqual({ kind: 'there', version: 'redis 7' });
    expect(await servers.provide('redis')).toEqual({ kind: 'there', version: 'redis 7' });
    expect(servers.environment()).toEqual({ TROUPE_BENCH_REDIS: '1234' });
    await servers.stop();
    await servers.stop();
    expect(log).toEqual(['start', 'stop']);
  });

  test('that are not installed are missing, and say how to get them', async () => {
    const servers = new Servers({ redis: missing, postgres: missing, 'postgres-durable': missing });
    const expected = { kind: 'missing', reason: 'it is not installed (apt-get install it)' };
    expect(await servers.provide('postgres')).toEqual(expected);
    expect(servers.environment()).toEqual({});
  });

  test('that fail to start are an error, not a skipped subject', async () => {
    const servers = new Servers({
      redis: () => Promise.reject(new Error('broken')),
      postgres: missing,
      'postgres-durable': missing,
    });
    await expect(servers.provide('redis')).rejects.toThrow('broken');
  });
});

describe('a launched server', () => {
  const folderOf = (): string => mkdtempSync(join(tmpdir(), 'troupe-bench-test-'));
  const listening = (port: number): string =>
    `require('node:net').createServer().listen(${port}, '127.0.0.1'); process.on('SIGTERM', () => process.exit())`;
  const canConnect = (port: number) => async (): Promise<void> => {
    const socket = connect(port, '127.0.0.1');
    await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject));
    socket.destroy();
  };

  test('answers until it is stopped, and leaves no folder behind', async () => {
    const [folder, port] = [folderOf(), await freePort()];
    const probe = canConnect(port);
    const args = ['-e', listening(port)];
    const stop = await launch({ program: process.execPath, args, folder, probe, stopSignal: 'SIGTERM' });
    await probe();
    await stop();
    await expect(probe()).rejects.toThrow('ECONNREFUSED');
    expect(existsSync(folder)).toBe(false);
  });

  test('that ends at once is an error with what it said', async () => {
    const folder = folderOf();
    const args = ['-e', "console.error('no such option'); process.exit(3)"];
    const probe = () => Promise.reject(new Error('never'));
    await expect(
      launch({ program: process.execPath, args, folder, probe, stopSignal: 'SIGTERM' }),
    ).rejects.toThrow('no such option');
    expect(existsSync(folder)).toBe(false);
  });
});
