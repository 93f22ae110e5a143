// Changes that the server carries out only for somebody who was shown their effects: shows them, asks, and repeats the change with the
// token that stands for exactly these effects.
import { isAppError } from '@sallyport/core';
import { note } from '../output/terminal.ts';
import type { Terminal } from '../output/terminal.ts';
import { printableLine, printableLines } from '../output/printable.ts';
import { confirm } from './prompt.ts';

/** Runs `change`; when its effects have to be confirmed, shows them and asks. `--yes` answers in advance. */
export async function withConfirmation<T>(
  terminal: Terminal,
  ask: { question: string; yes: boolean },
  change: (confirmed: { confirmationToken?: string }) => Promise<T>,
): Promise<T> {
  try {
    return await change({});
  } catch (error) {
    const token = isAppError(error, 'confirmation-required') ? error.data['confirmationToken'] : undefined;
    if (!isAppError(error) || typeof token !== 'string') throw error;
    await note(terminal, printableLines(error.publicMessage));
    for (const line of linesOf(error.data['preview'])) await note(terminal, `  ${line}`);
    await confirm(terminal, ask);
    return change({ confirmationToken: token });
  }
}

/** What fields of previews are called; null: says nothing that was not typed. */
const LABELS: Readonly<Record<string, string | null>> = {
  from: null,
  to: null,
  versions: 'versions that go',
  configEntries: 'goes with it',
  startProfiles: 'start-up profile that stops working',
  hiddenConfigEntries: 'refer to it unseen',
  missedBy: 'asked for as',
  breaks: 'stops working',
  withoutDelegate: 'left without any delegate',
  hiddenWithoutDelegate: 'left without any delegate, unseen',
};

/** A preview in lines: `field: value`, lists one entry a line. */
function linesOf(preview: unknown): string[] {
  if (typeof preview !== 'object' || preview === null) return [];
  return Object.entries(preview).flatMap(([field, value]) => {
    const label = LABELS[field] === undefined ? field : LABELS[field];
    if (label === null || value === 0) return [];
    const values: unknown[] = Array.isArray(value) ? value : [value];
    return values.map((entry) => `${label}: ${inWords(entry)}`);
  });
}

function inWords(value: unknown): string {
  if (typeof value === 'string') return printableLine(value);
  if (typeof value !== 'object' || value === null) return printableLine(String(value));
  return printableLine(Object.values(value).map(String).join(', by '));
}
