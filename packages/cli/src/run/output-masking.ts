// Whether what a program writes is masked, and the masker for it.
import { isatty } from 'node:tty';
import type { Masker } from '@sallyport/masking';
import { printableLine } from '../output/printable.ts';
import type { ReadSecrets } from './read-plan.ts';

/** Which outputs are masked: as wanted; else those that go anywhere but to a terminal, such as the log of a job. */
export function maskedOutputs(wanted: boolean | null): { stdout: boolean; stderr: boolean } {
  return { stdout: wanted ?? !isatty(1), stderr: wanted ?? !isatty(2) };
}

/** @param note told once of values that are not masked */
export async function maskerFor(
  secret: ReadSecrets['secret'],
  note: (text: string) => void,
): Promise<Masker> {
  const { createMasker, isMasked } = await import('@sallyport/masking');
  const masker = createMasker({ values: secret });
  const shown = masker.report.filter(({ problem }) => problem !== 'empty' && !isMasked(problem));
  const names = [...new Set(shown.map(({ name }) => printableLine(name)))];
  if (names.length > 0)
    note(`note: not masked, since their values are too short, too common or too long: ${names.join(', ')}`);
  return masker;
}
