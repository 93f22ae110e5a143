// Words the refusal of a read that needs the server while the server is away: since when, why, and what the secret allows.
import { AppError } from '@sallyport/core';
import { printAvailability } from '@sallyport/protocol';
import type { Availability } from '@sallyport/protocol';
import type { Absence } from './server-asks.ts';

/** What is known of the secret that was asked for; null: the caller has not been confirmed for it here. */
export type LastKnown = { availability: Availability; confirmedAtMs: number } | null;

/** `absence` null: the server is there but did not answer in time. */
export function unavailable(absence: Absence | null, lastKnown: LastKnown): AppError {
  const { message, hint } = describe(lastKnown);
  const away =
    absence === null
      ? 'The server did not answer in time.'
      : `The server is away since ${timeOf(absence.sinceMs)} (${absence.why}).`;
  return new AppError('unreachable', {
    publicMessage: `${away} ${message}`,
    data: {
      hint: absence?.hint ?? hint,
      ...(absence === null ? {} : { awaySince: timeOf(absence.sinceMs) }),
      ...(lastKnown === null ? {} : { availability: printAvailability(lastKnown.availability) }),
    },
  });
}

function describe(lastKnown: LastKnown): { message: string; hint: string } {
  if (lastKnown === null) {
    return {
      message: 'This delegate has nothing to serve by itself for this caller and reference.',
      hint: 'Try again when the server is back. What is to be readable meanwhile needs availability stale-ok or offline, and must have been read here before with this key.',
    };
  }
  const { availability, confirmedAtMs } = lastKnown;
  if (availability.mode === 'fresh') {
    return {
      message: 'The availability of this secret is fresh: each read asks the server.',
      hint: 'Try again when the server is back, or give the secret availability stale-ok or offline.',
    };
  }
  return {
    message: `The availability of this secret is ${printAvailability(availability)}; it was last confirmed at ${timeOf(confirmedAtMs)}, which is too long ago.`,
    hint: 'Try again when the server is back, or give the secret a longer age.',
  };
}

function timeOf(atMs: number): string {
  return new Date(atMs).toISOString().replace(/\.\d+Z$/, 'Z');
}
