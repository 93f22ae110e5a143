// `sallyport mask`: a filter that takes values out of the output of any program, wherever that program has them from.
import type { Command, Invocation } from '../command-line/command.ts';
import { SCOPE_FLAGS } from '../command-line/shared-flags.ts';
import { usageError } from '../command-line/usage-error.ts';
import { readValuesToMask } from '../masking/values-to-mask.ts';
import { printableLine } from '../output/printable.ts';
import { note, writeData } from '../output/terminal.ts';

export const MASK_COMMANDS: readonly Command[] = [
  {
    path: ['mask'],
    summary: 'Pass standard input on, with the values of secrets masked',
    details: [
      'Reads the values first; if one cannot be read, nothing is passed on. Without --secret, --values-from-file and --values-from-env, the values are those of all secrets of the application and environment.',
      'Values are found in common encodings, too. Which ones cannot be masked, since they are too short or too common, is said on standard error.',
      'It ends when its input ends, not by Ctrl-C, so that the last words of the program before it come through.',
    ],
    flags: {
      ...SCOPE_FLAGS,
      secret: {
        kind: 'text',
        value: 'NAME',
        completes: 'secret',
        repeatable: true,
        summary: 'The value of this secret; may be given several times',
      },
      'values-from-file': {
        kind: 'text',
        value: 'FILE',
        completes: 'file',
        summary: 'All values of this file of NAME=value lines',
      },
      'values-from-env': {
        kind: 'text',
        value: 'NAMES',
        repeatable: true,
        summary: 'The values of these environment variables, by name, with commas between',
      },
    },
    connects: true,
    examples: [
      'mask --app shop --env production < build.log',
      'mask --secret db-password --secret api-token < build.log',
      'mask --values-from-env DB_PASSWORD,API_TOKEN < build.log',
    ],
    run: mask,
  },
];

async function mask(invocation: Invocation): Promise<void> {
  const { terminal } = invocation;
  const { copyMasked, createMasker, explainProblem } = await import('@sallyport/masking');
  const { values, tooLarge } = await readValuesToMask(invocation);
  const isAnyMasked = tooLarge.length > 0 || values.some(({ value }) => value.length > 0);
  if (!isAnyMasked) {
    throw usageError('There is no value to mask, so nothing is let through.', 'Name values that there are.');
  }
  const masker = createMasker({ values });
  masker.prepare();
  const unmasked = [
    ...tooLarge.map((name) => ({ name, problem: 'too-long' as const })),
    ...masker.report.filter(({ problem }) => problem !== 'empty'),
  ];
  for (const { name, problem } of unmasked) {
    await note(terminal, `note: ${printableLine(name)} ${explainProblem(problem)}.`);
  }
  const ignore = (): void => undefined;
  // A person who typed their text here can still leave.
  if (terminal.stdin.isTTY !== true) process.on('SIGINT', ignore);
  try {
    await copyMasked({ masker, source: terminal.stdin, write: (bytes) => writeData(terminal, bytes) });
  } finally {
    process.off('SIGINT', ignore);
  }
}
