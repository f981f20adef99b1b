// Every byte of a log cut, zeroed or flipped: recovered right or refused, never wrong data.
import { SeededRandom, storedCommit } from '@troupe/testkit';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { CommitModel, pictures, SimulatedMachine, shape } from './simulated-machine.ts';
import { refusal } from './temporary-storage.ts';

const segment = 'log-0000000000000001';

/** Of an open that succeeds: how many commits it found. */
type Outcome = number | 'damaged';

describe.each(['a crash', 'a close'] as const)('a log that is damaged after %s', (ending) => {
  let machine: SimulatedMachine;
  let model: CommitModel;
  /** Where each frame begins, and the end of the last. */
  let bounds: number[];

  beforeEach(async () => {
    machine = new SimulatedMachine();
    model = new CommitModel();
    bounds = [40];
    const engine = await machine.open();
    for (let timestamp = 1; timestamp <= 5; timestamp++) {
      const changes = [
        { partition: 0, table: 0, key: `k${timestamp % 2}`, value: 'v'.repeat(timestamp * 5) },
        { partition: 2, table: 1, key: 'k', value: String(timestamp) },
      ];
      await engine.append([storedCommit(model.add(changes), changes)]);
      // With its mark.
      await new Promise((resolve) => setImmediate(resolve));
      bounds.push(bytesOf().byteLength - 40);
    }
    if (ending === 'a close') await engine.close();
    machine.crash('kill', () => 0.999);
  });

  function bytesOf(): Buffer {
    return (machine.disk.files.get(segment) as { current: Buffer }).current;
  }

  async function outcomeOf(bytes: Buffer): Promise<Outcome> {
    const other = new SimulatedMachine();
    other.disk = machine.disk.crashed('kill', () => 0.999);
    other.store = machine.store.crashed(() => 0.999);
    // The machine goes on, for the next byte.
    machine.disk.hook = machine.store.hook = () => Promise.resolve();
    other.disk.setFile(segment, Buffer.from(bytes), Buffer.from(bytes));
    try {
      const engine = await other.reopen();
      const expected = Array.from({ length: shape.partitionCount }, (_, partition) =>
        model.picture(partition, engine.lastTimestamp),
      );
      expect(pictures(engine)).toEqual(expected);
      return engine.lastTimestamp;
    } catch (error) {
      expect(error).toMatchObject({ code: 'STORAGE_DAMAGED', details: { file: segment } });
      return 'damaged';
    }
  }

  it('is refused or whole where a byte was flipped or zeroed', async () => {
    const whole = bytesOf();
    const end = bounds.at(-1) as number;
    for (let at = 0; at < whole.byteLength; at++) {
      for (const value of [(whole[at] as number) ^ 0xff, (whole[at] as number) ^ 1, 0]) {
        if (whole[at] === value) continue;
        const bytes = Buffer.from(whole);
        bytes[at] = value;
        // The mark is a witness only: nothing is lost with it.
        const expected = at < end ? 'damaged' : 5;
        expect([at, value, await outcomeOf(bytes)]).toEqual([at, value, expected]);
      }
    }
  });

  it('ends with the last whole frame where it was cut or zeroed to its end, unless it is known to have been longer', async () => {
    const whole = bytesOf();
    const end = bounds.at(-1) as number;
    for (let at = 0; at < whole.byteLength; at++) {
      const frames = bounds.filter((bound) => bound <= at).length - 1;
      const known = ending === 'a close' ? 5 : 0;
      const expected = at >= end ? 5 : frames < known || at < 40 ? 'damaged' : frames;
      expect([at, await outcomeOf(whole.subarray(0, at))]).toEqual([at, expected]);
      const zeroed = Buffer.from(whole).fill(0, at);
      const isSame = zeroed.equals(whole);
      if (!isSame) expect([at, await outcomeOf(zeroed)]).toEqual([at, expected]);
    }
  });

  it('is refused where a block in front of a sound frame was lost', async () => {
    const whole = bytesOf();
    const random = new SeededRandom(1);
    const last = bounds.at(-2) as number;
    for (let from = 0; from < last; from += 7) {
      const to = Math.min(last, from + random.integer(1, 512));
      const bytes = Buffer.from(whole).fill(0, from, to);
      if (!bytes.equals(whole)) expect([from, await outcomeOf(bytes)]).toEqual([from, 'damaged']);
    }
  });
});

describe('a log of several segments', () => {
  it.each([0, 1, 2])('is refused without segment %i of four, or with a flipped byte in it', async (index) => {
    const machine = new SimulatedMachine();
    const engine = await machine.open({ foldBytes: 1e6, unfoldedBytesMax: 1e7 });
    for (let timestamp = 1; timestamp <= 12; timestamp++) {
      await engine.append([
        storedCommit(timestamp, [{ partition: 0, table: 0, key: 'a', value: 'v'.repeat(1_000) }]),
      ]);
    }
    machine.crash('kill', () => 0.999);
    const names = [...machine.disk.files.keys()].sort();
    expect(names).toHaveLength(4);
    const name = names[index] as string;
    const { current } = machine.disk.files.get(name) as { current: Buffer };
    machine.disk.files.delete(name);
    expect(await refusal(machine.reopen())).toMatchObject({ code: 'STORAGE_DAMAGED' });
    const flipped = Buffer.from(current);
    flipped[1_500] = (flipped[1_500] as number) ^ 4;
    machine.disk.setFile(name, flipped, flipped);
    expect(await refusal(machine.reopen())).toMatchObject({
      code: 'STORAGE_DAMAGED',
      details: { file: name, position: expect.any(Number), sequence: expect.any(Number) },
    });
    machine.disk.setFile(name, current, current);
    expect((await machine.reopen()).lastTimestamp).toBe(12);
  });
});

it('a checkpoint is refused when its first write has taken the place of entries', async () => {
  const machine = new SimulatedMachine();
  const engine = await machine.open();
  await engine.append([storedCommit(1, [{ partition: 0, table: 0, key: 'a', value: 'v' }])]);
  await engine.fold();
  await engine.close();
  const { store } = machine;
  const flushed = store.flushed.bind(store);
  vi.spyOn(store, 'flushed').mockImplementationOnce(async () => {
    await flushed();
    vi.spyOn(store, 'countIn').mockReturnValue(0);
  });
  expect(await refusal(machine.reopen())).toMatchObject({
    code: 'STORAGE_DAMAGED',
    details: { file: 'checkpoint.mdb' },
  });
});
