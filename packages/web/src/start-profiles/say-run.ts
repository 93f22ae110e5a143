// Runs of start-up profiles in words.
import type { ProfileRun } from '@sallyport/protocol';

type RunFacts = Pick<ProfileRun, 'state' | 'end' | 'error'>;

/** Whether it ended by itself and well. */
export function isFine({ end }: RunFacts): boolean {
  return end?.exitCode === 0 && end.reason === 'exited';
}

const LABELS: Readonly<Record<ProfileRun['state'], string>> = {
  running: 'Running',
  ended: 'Ended',
  interrupted: 'Interrupted',
  refused: 'Refused',
};
const COLORS: Readonly<Record<ProfileRun['state'], string>> = {
  running: 'harbour',
  ended: 'red',
  interrupted: 'yellow',
  refused: 'yellow',
};

/** The badge of a run. */
export function sayState(run: RunFacts): { label: string; color: string } {
  return { label: LABELS[run.state], color: isFine(run) ? 'teal' : COLORS[run.state] };
}

/** E.g. `exit code 3`, or why it was refused; null: there is nothing to say yet. */
export function sayOutcome({ end, error }: RunFacts): string | null {
  if (error !== null) return error.message;
  if (end === null) return null;
  if (end.reason === 'time-limit') return 'ended at its time limit';
  if (end.reason === 'output-limit') return 'ended since it wrote too much';
  return end.exitCode === null ? `ended by ${end.signal ?? 'a signal'}` : `exit code ${end.exitCode}`;
}

/** The kept output as text. What would move the cursor of a terminal is shown as a question mark, as on the command line. */
export function readOutput(base64: string): string {
  const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  return new TextDecoder().decode(bytes).replaceAll(/(?![\n\t])[\p{Cc}\p{Cf}]/gu, '?');
}

/** E.g. `all delegates`, or `delegates with prod-vpc, eu`. */
export function sayWhoRuns(selectors: readonly string[]): string {
  return selectors.length === 0 ? 'all delegates' : `delegates with ${selectors.join(', ')}`;
}
