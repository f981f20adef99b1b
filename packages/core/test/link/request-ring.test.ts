import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RequestRing } from '../../dist/mesh/request-ring.js';

describe('RequestRing', () => {
  test('holds what a Map would hold, whatever stays long and whatever is taken', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 5_000 }), { maxLength: 400, size: 'max' }), (takes) => {
        const ring = new RequestRing<{ requestId: number }>();
        const model = new Map<number, { requestId: number }>();
        let id = 0;
        for (const take of takes) {
          for (let i = 0; i < take % 40; i++) {
            const request = { requestId: ++id };
            ring.add(request);
            model.set(request.requestId, request);
          }
          const taken = take % (id + 1);
          expect(ring.get(taken)).toBe(model.get(taken));
          expect(ring.take(taken)).toBe(model.get(taken));
          model.delete(taken);
        }
        expect(ring.size).toBe(model.size);
        expect(
          ring
            .all()
            .map(({ requestId }) => requestId)
            .sort((a, b) => a - b),
        ).toEqual([...model.keys()]);
      }),
    );
  });

  test('finds every call when more are open than it had slots', () => {
    const ring = new RequestRing<{ requestId: number }>();
    for (let id = 1; id <= 200_000; id++) ring.add({ requestId: id });
    expect(ring.size).toBe(200_000);
    for (let id = 1; id <= 200_000; id++) expect(ring.take(id)?.requestId).toBe(id);
    expect(ring.size).toBe(0);
    expect(ring.take(7)).toBeUndefined();
  });
});
