// What a verification that found nothing wrong has proven, and what is still open, in sentences.
import type { AuditVerdict } from '@sallyport/sdk/browser-audit';
import { sayCount } from '../ui/say-time.ts';

export type Finding = {
  about: 'chain' | 'signatures' | 'witness' | 'seen' | 'restart';
  /** False: not proven; nothing is known to be wrong either. */
  holds: boolean;
  text: string;
};

type Held = Extract<AuditVerdict, { problem: null }>;

const number = (value: number): string => value.toLocaleString('en');

export function sayFindings(verdict: Held, sayTime: (atMs: number) => string): Finding[] {
  const { report, floor, seen, names } = verdict;
  const restarts = report.restarts.map(({ fingerprint, sequence }): Finding => {
    const who = names.get(fingerprint) ?? fingerprint;
    const text = `${who} began anew at record ${number(sequence)}: it had forgotten what it signed before, and believed what it was shown. That is so after a backup was restored knowingly; otherwise it needs a look.`;
    return { about: 'restart', holds: false, text };
  });
  return [
    {
      about: 'chain',
      holds: true,
      text:
        report.records === 0
          ? 'There is no record yet.'
          : `Records ${number(floor + 1)} to ${number(verdict.head.sequence)} are an unbroken chain: each is what it was when it was written, and none is missing.`,
    },
    ...sayWitness(verdict, sayTime),
    ...restarts,
    seen === null
      ? {
          about: 'seen',
          holds: false,
          text: `This browser had not verified this trail before, so it has nothing to compare with. It remembers record ${number(verdict.head.sequence)} from now on.`,
        }
      : {
          about: 'seen',
          holds: true,
          text: `Record ${number(seen.sequence)}, which this browser saw as the newest on ${sayTime(seen.seenAtMs)}, is still there and the same.`,
        },
  ];
}

function sayWitness({ report, names, head }: Held, sayTime: (atMs: number) => string): Finding[] {
  const { checkpoints, signers, coveredTo } = report;
  if (checkpoints === 0) {
    const text =
      'No delegate has signed the trail yet, so nobody but the server vouches for it. Sign a checkpoint under Checkpoints and sinks.';
    return [{ about: 'witness', holds: false, text }];
  }
  const text = `${sayCount(checkpoints, 'signature')} of ${sayCount(signers.length, 'delegate')} ${checkpoints === 1 ? 'holds' : 'hold'}.`;
  const signatures: Finding = { about: 'signatures', holds: true, text };
  if (coveredTo === null) {
    const who = signers
      .map(({ fingerprint }) => `${names.get(fingerprint) ?? 'a delegate'} (${fingerprint})`)
      .join(', ');
    const unknown = `This browser knows none of the delegates that have signed: ${who}. It knows a delegate from the first value on that it seals for it; until then, compare the fingerprint with the one that the delegate shows at its start.`;
    return [signatures, { about: 'witness', holds: false, text: unknown }];
  }
  const who = names.get(coveredTo.fingerprint) ?? coveredTo.fingerprint;
  const open = head.sequence - coveredTo.sequence;
  const rest =
    open === 0
      ? ''
      : ` The ${sayCount(open, 'record')} after it ${open === 1 ? 'has' : 'have'} no witness yet.`;
  const covered = `${who}, which this browser knows, has signed everything up to record ${number(coveredTo.sequence)}, on ${sayTime(coveredTo.signedAtMs)}: not even the server can have rewritten that.${rest}`;
  return [signatures, { about: 'witness', holds: true, text: covered }];
}
