// How a broken trail is reported: the first record that is wrong, when it was written, and what is wrong with it.
import { AppError } from '@sallyport/core';
import type { TrailProblem } from '@sallyport/protocol/audit';
import { printableTime } from '../output/printable.ts';

export function trailBroken(problem: TrailProblem, data: Record<string, unknown> = {}): AppError {
  const { sequence, atMs, what } = problem;
  const time = atMs === null ? '' : `, written ${printableTime(atMs)}`;
  return new AppError('audit-trail-broken', {
    publicMessage: `The audit trail is broken at record ${sequence}${time}. ${what}`,
    data: { sequence, atMs, what, ...data },
  });
}
