// Proofs that count once, for as long as they would be good, in bounded memory.
import { expect, test } from 'vitest';
import { SpentProofs } from '../src/access/spent-proofs.ts';
import { ManualClock } from './manual-clock.ts';

test('a proof counts once until it would be no good any more', () => {
  const clock = new ManualClock();
  const proofs = new SpentProofs(clock);
  const untilMs = clock.nowMs() + 1000;
  expect([proofs.spend('a', untilMs), proofs.spend('a', untilMs), proofs.spend('b', untilMs)]).toEqual([
    true,
    false,
    true,
  ]);
  clock.advance(999);
  expect(proofs.spend('a', untilMs)).toBe(false);
  clock.advance(1);
  expect(proofs.spend('a', untilMs + 1000)).toBe(true);
});

test('many proofs do not take memory without end: the oldest go', () => {
  const clock = new ManualClock();
  const proofs = new SpentProofs(clock);
  const untilMs = clock.nowMs() + 1000;
  for (let i = 0; i <= 100_000; i += 1) proofs.spend(String(i), untilMs);
  expect(proofs.spend('100000', untilMs)).toBe(false);
  expect(proofs.spend('0', untilMs)).toBe(true);
});
