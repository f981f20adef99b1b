/** Which nested transactions may begin where, and which can be undone alone. */
import { InvalidArgumentError } from '@troupe/core';
import { describe, expect, test } from 'vitest';
// Internal to the package: users see it through transactions only.
import { outermost, Scopes } from '../dist/attempt/scopes.js';

describe('nested transactions of one attempt', () => {
  test('begin in the innermost one only', () => {
    const scopes = new Scopes<string>();
    const a = scopes.begin(outermost, 'before a');
    const b = scopes.begin(a, 'before b');
    expect(scopes.innermost).toBe(b);
    expect(() => scopes.begin(outermost, '')).toThrow(/while another one of the same body was under way/);
    expect(() => scopes.begin(a, '')).toThrow(InvalidArgumentError);
    scopes.keep(b);
    scopes.keep(a);
    expect(() => scopes.begin(b, '')).toThrow(/in one that has ended already/);
    expect(scopes.begin(outermost, '')).toBe(3);
  });

  test('go back to where they began, with those within them', () => {
    const scopes = new Scopes<string>();
    const a = scopes.begin(outermost, 'before a');
    const b = scopes.begin(a, 'before b');
    expect(scopes.undo(a)).toMatchObject({ savepoint: 'before a', mixed: false });
    expect(scopes.undo(b)).toBeUndefined();
    expect(scopes.innermost).toBe(outermost);
  });

  test('that one outside wrote beside cannot be undone alone', () => {
    const scopes = new Scopes<string>();
    const a = scopes.begin(outermost, 'before a');
    scopes.wroteIn(a);
    const b = scopes.begin(a, 'before b');
    scopes.wroteIn(a);
    expect(scopes.undo(b)).toMatchObject({ mixed: true });
    // What a wrote belongs to a.
    expect(scopes.undo(a)).toMatchObject({ mixed: false });
    const c = scopes.begin(outermost, 'before c');
    scopes.wroteIn(outermost);
    expect(scopes.undo(c)).toMatchObject({ mixed: true });
  });
});
