// `sallyport audit verify`: the verdict on an exported trail, in words.
import { resolve } from 'node:path';
import { AppError } from '@sallyport/core';
import type { Invocation } from '../command-line/command.ts';
import { usageError } from '../command-line/usage-error.ts';
import type { Verified } from '../audit/verify-file.ts';
import { readKnownDelegatesPath } from '../config/connection-settings.ts';
import { printableTime } from '../output/printable.ts';
import { fields } from '../output/table.ts';
import { coloured, note, writeData, writeJson } from '../output/terminal.ts';
import type { Terminal } from '../output/terminal.ts';

const FINGERPRINT = /^SHA256:[A-Za-z0-9_-]{43}$/;

export async function verifyAudit(invocation: Invocation): Promise<void> {
  const { terminal, flags, folder } = invocation;
  const { readKeptCheckpoints, verifyFile } = await import('../audit/verify-file.ts');
  const demanded = flags.list('trusted');
  if (demanded.some((text) => !FINGERPRINT.test(text))) {
    throw usageError('--trusted takes SHA256: and 43 letters, digits, "-" and "_".');
  }
  const trusted = new Set(demanded.length > 0 ? demanded : await knownFingerprints(invocation));
  const kept = [];
  for (const name of flags.list('checkpoint'))
    kept.push(...(await readKeptCheckpoints(resolve(folder, name))));
  const path = resolve(folder, invocation.arguments['FILE'] ?? '');
  const verified = await verifyFile(path, { kept, isTrusted: (fingerprint) => trusted.has(fingerprint) });
  if (demanded.length > 0 && verified.coveredTo === null) throw notSigned(demanded);
  if (flags.text('output') === 'json') return writeJson(terminal, { ok: true, ...verified });
  await writeData(terminal, verdict(terminal, verified));
  for (const text of warnings(verified)) await note(terminal, `warning: ${text}`);
}

async function knownFingerprints({ flags, environment, folder, terminal }: Invocation): Promise<string[]> {
  const warn = (text: string): void => {
    terminal.stderr.write(`${text}\n`);
  };
  const { FileKnownDelegates } = await import('@sallyport/sdk');
  const path = await readKnownDelegatesPath({ flags, environment, folder, warn });
  return (await new FileKnownDelegates(path).list()).map(({ fingerprint }) => fingerprint);
}

function verdict(terminal: Terminal, verified: Verified): string {
  const { last, floor, records, checkpoints, kept, coveredTo } = verified;
  const range = last === null ? 'none' : `${floor + 1} to ${last.sequence} (${records})`;
  const word = coveredTo === null ? 'whole, but without a trusted signature' : 'whole';
  const meaning = coveredTo === null ? 'strong' : 'good';
  return fields([
    ['the trail is', coloured(terminal, { stream: 'stdout', meaning }, word)],
    ['account', verified.accountId],
    ['records', range],
    ['until', printableTime(last?.atMs ?? null)],
    ['checkpoints', `${checkpoints}${kept === 0 ? '' : `, ${kept} of them kept elsewhere`}`],
    ...verified.signers.map(({ fingerprint, trusted, sequence }): [string, string] => {
      const name = verified.names[fingerprint];
      const who = name === undefined ? fingerprint : `${name} (${fingerprint})`;
      return ['signed by', `${who}, ${trusted ? 'trusted' : 'NOT KNOWN'}, up to record ${sequence}`];
    }),
    [
      'witnessed',
      coveredTo === null
        ? 'nothing'
        : `up to record ${coveredTo.sequence}, on ${printableTime(coveredTo.signedAtMs)}`,
    ],
  ]);
}

function warnings({ coveredTo, last, signers, restarts, names }: Verified): string[] {
  const texts: string[] = [];
  const nameOf = (fingerprint: string): string => `${names[fingerprint] ?? 'a delegate'} (${fingerprint})`;
  if (coveredTo === null) {
    texts.push(
      'no checkpoint is signed by a delegate that you trust. Whoever can write to the database could have rewritten all of it.',
    );
  } else if (last !== null && last.sequence > coveredTo.sequence) {
    texts.push(`records ${coveredTo.sequence + 1} to ${last.sequence} have no trusted signature yet.`);
  }
  for (const { fingerprint } of signers.filter(({ trusted }) => !trusted)) {
    texts.push(
      `${nameOf(fingerprint)} has signed, and is not known here. Compare the fingerprint with its log.`,
    );
  }
  for (const { fingerprint, sequence, signedAtMs } of restarts) {
    texts.push(
      `${nameOf(fingerprint)} began anew at record ${sequence} on ${printableTime(signedAtMs)}, believing what it was shown.`,
    );
  }
  return texts;
}

function notSigned(demanded: readonly string[]): AppError {
  return new AppError('audit-trail-broken', {
    publicMessage: `No checkpoint in this trail is signed by ${demanded.join(' or ')}.`,
    data: { hint: 'Compare the fingerprints with the log of your delegates, or export the trail again.' },
  });
}
