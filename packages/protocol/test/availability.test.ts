// Availability as people write it.
import { assert, constantFrom, integer, property } from 'fast-check';
import { expect, it } from 'vitest';
import {
  AVAILABILITY_MAX_SECONDS,
  AvailabilitySchema,
  parseAvailability,
  printAvailability,
} from '@sallyport/protocol';

it.each([
  ['fresh', { mode: 'fresh' }],
  ['stale-ok 90s', { mode: 'stale-ok', maxAgeSeconds: 90 }],
  ['stale-ok 15m', { mode: 'stale-ok', maxAgeSeconds: 900 }],
  ['offline 1h', { mode: 'offline', maxAgeSeconds: 3600 }],
  ['offline 24h', { mode: 'offline', maxAgeSeconds: 86_400 }],
  ['offline 2d', { mode: 'offline', maxAgeSeconds: 172_800 }],
  ['offline 7d', { mode: 'offline', maxAgeSeconds: 604_800 }],
] as const)('"%s" is read and printed as written', (text, availability) => {
  expect(parseAvailability(text)).toEqual(availability);
  expect(printAvailability(availability)).toBe(text);
});

it.each([
  '',
  'fresh 1h',
  'stale-ok',
  'offline',
  'offline 0s',
  'offline -1h',
  'offline 1.5h',
  'offline 24',
  'offline h',
  'offline 1w',
  'offline 8d',
  'offline 604801s',
  'offline 1h 1h',
  'Offline 1h',
  'online 1h',
])('"%s" is no availability', (text) => {
  expect(parseAvailability(text)).toBeNull();
});

it('whatever is printed is read as the same', () => {
  assert(
    property(
      constantFrom('stale-ok' as const, 'offline' as const),
      integer({ min: 1, max: AVAILABILITY_MAX_SECONDS }),
      (mode, maxAgeSeconds) => {
        const availability = AvailabilitySchema.parse({ mode, maxAgeSeconds });
        expect(parseAvailability(printAvailability(availability))).toEqual(availability);
      },
    ),
  );
});
