// `sallyport doctor`: looks at everything between this command and a key at AWS, and says what to do about what it finds.
import { AppError } from '@sallyport/core';
import type { Command, Invocation } from '../command-line/command.ts';
import { OUTPUT_FLAG } from '../command-line/shared-flags.ts';
import { withKey } from '../config/open-client.ts';
import type { Finding, Verdict } from '../doctor/finding.ts';
import { printableLine } from '../output/printable.ts';
import { coloured, writeData, writeJson } from '../output/terminal.ts';
import type { Meaning, Terminal } from '../output/terminal.ts';
import { VERSION } from './about.ts';

const MEANINGS: Readonly<Record<Verdict, Meaning>> = { ok: 'good', warn: 'strong', fail: 'bad', skip: 'dim' };

export const DOCTOR_COMMANDS: readonly Command[] = [
  {
    path: ['doctor'],
    summary: 'Look for what is wrong: settings, network, TLS, clock, key, delegates, secrets managers',
    details: [
      'Changes nothing and reads no secret. Stops at what makes the rest impossible, such as a server that cannot be reached, and says which step it was.',
      'Exits with 0 if nothing failed, else with the code of the first failure.',
    ],
    flags: {
      ...OUTPUT_FLAG,
      deep: {
        kind: 'switch',
        summary:
          'Also have each delegate try each secrets manager: makes calls to KMS and STS, and needs the right to manage them',
      },
    },
    connects: true,
    examples: ['doctor', 'doctor --deep -o json'],
    run: runDoctor,
  },
];

async function runDoctor(invocation: Invocation): Promise<void> {
  const { flags, terminal } = invocation;
  const findings = await lookAtAll(invocation);
  if (flags.text('output') === 'json') await writeJson(terminal, findings);
  else await writeData(terminal, findings.map((finding) => linesOf(terminal, finding)).join(''));
  const failures = findings.filter(({ verdict }) => verdict === 'fail');
  const [first] = failures;
  if (first === undefined) return;
  throw new AppError(first.code ?? 'internal', {
    publicMessage: `${failures.length} of ${findings.length} checks failed, first: ${first.check}. ${first.text}`,
    data: first.next === null ? {} : { hint: first.next },
  });
}

async function lookAtAll(invocation: Invocation): Promise<Finding[]> {
  const { flags } = invocation;
  const [{ checkSettings }, { checkNetwork }, { checkAccount }] = await Promise.all([
    import('../doctor/check-settings.ts'),
    import('../doctor/check-network.ts'),
    import('../doctor/check-account.ts'),
  ]);
  const { findings, settings } = await checkSettings(invocation);
  if (settings === null) return findings;
  const network = await checkNetwork(settings);
  findings.push(...network);
  const isReached = network.every(({ verdict }) => verdict !== 'fail');
  const { token, strict } = settings;
  if (!isReached || token === null) return findings;
  const account = await withKey(invocation, token, (client, known) =>
    checkAccount(client, { known, version: VERSION, strict, deep: flags.has('deep') }),
  );
  return [...findings, ...account];
}

function linesOf(terminal: Terminal, { check, verdict, text, next }: Finding): string {
  const shown = coloured(terminal, { stream: 'stdout', meaning: MEANINGS[verdict] }, verdict.padEnd(4));
  const line = `${shown}  ${printableLine(check)}: ${printableLine(text)}\n`;
  return next === null ? line : `${line}      next: ${printableLine(next)}\n`;
}
