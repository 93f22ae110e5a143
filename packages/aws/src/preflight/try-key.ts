// The part of a preflight that is about the key: that it is there and usable, that every action needed on it is allowed, and that a
// data key makes the round trip with a real encryption context.
import { AppError, isAppError, parseKeyArn } from '@sallyport/core';
import { explainDeniedContext } from './denied-context.ts';
import { judgeKey } from '../kms/judge-key.ts';
import { withAllActions } from '../failure/key-failure.ts';
import type { KeyTrial } from './key-trial.ts';
import type { StageLog, Step } from './preflight-result.ts';

/** The steps of this part, in their order. */
export function stepsOfKey(keyArn: string): Step[] {
  const isAlias = parseKeyArn(keyArn).type === 'alias';
  return [DESCRIBE, ...(isAlias ? [RESOLVE] : []), GENERATE, DECRYPT, ROUND_TRIP];
}

const GENERATE = { stage: 'permission', action: 'kms:GenerateDataKey' } as const;
const DECRYPT = { stage: 'permission', action: 'kms:Decrypt' } as const;
const ROUND_TRIP = { stage: 'context', action: 'kms:GenerateDataKey, kms:Decrypt' } as const;
const DESCRIBE = { stage: 'key', action: 'kms:DescribeKey' } as const;
const RESOLVE = { stage: 'key', action: 'resolve alias' } as const;
const EARLIER = 'An earlier stage failed.';

/**
 * Looks at the key, and finds the key behind an alias.
 * @returns the key's ARN; `null` when no key was found, or one that cannot be used
 */
export async function tryKey(log: StageLog, trial: KeyTrial): Promise<string | null> {
  const described = await describe(log, trial);
  const isAlias = parseKeyArn(trial.keyArn).type === 'alias';
  if (log.hasFailed) {
    if (isAlias) log.skip(RESOLVE, EARLIER);
    return null;
  }
  if (!isAlias) return trial.keyArn;
  return log.run(RESOLVE, async () => requireKeyArn(described ?? (await askAlias(trial))));
}

/** Tries DescribeKey, which the product does without. @returns the key's ARN when KMS told it */
async function describe(log: StageLog, trial: KeyTrial): Promise<string | null> {
  const { calls, keyArn, signal } = trial;
  if (log.hasFailed) {
    log.skip(DESCRIBE, EARLIER);
    return null;
  }
  let answered: string | null = null;
  log.begin(DESCRIBE);
  const outcome = await calls.describeKey({ keyArn, signal }).then(
    (metadata) => ({ metadata }),
    (error: unknown) => ({ error }),
  );
  if ('error' in outcome && isAppError(outcome.error, 'access-denied')) {
    log.skip(DESCRIBE, 'Not allowed, and not needed; with it the state of the key could be shown.');
    return null;
  }
  await log.run(DESCRIBE, async () => {
    if ('error' in outcome) throw outcome.error;
    for (const { code, message } of judgeKey(outcome.metadata)) log.warn(code, message);
    answered = outcome.metadata.Arn ?? null;
  });
  return answered;
}

async function askAlias(trial: KeyTrial): Promise<string> {
  const { calls, keyArn, context, signal } = trial;
  return (await calls.generateDataKey({ keyArn, context, signal })).keyArn;
}

function requireKeyArn(answered: string): string {
  const arn = parseKeyArn(answered);
  if (arn.type === 'key') return arn.text;
  throw new AppError('key-unusable', {
    publicMessage: `KMS did not tell which key is behind an alias, but answered with ${arn.text}.`,
    data: { stage: 'key' },
  });
}

/** Asks for every permission, whatever the answer to the first: what is missing is reported together. */
export async function tryPermissions(log: StageLog, trial: KeyTrial): Promise<void> {
  if (log.hasFailed) {
    log.skip(GENERATE, EARLIER);
    log.skip(DECRYPT, EARLIER);
    return;
  }
  const { calls, keyArn, context, signal } = trial;
  const request = { keyArn, context, signal };
  const denials: AppError[] = [];
  const asks = [
    { step: GENERATE, ask: () => calls.dryRunGenerateDataKey(request) },
    { step: DECRYPT, ask: () => calls.dryRunDecrypt(request) },
  ];
  for (const { step, ask } of asks) {
    const isDecided = log.stages.some(({ error }) => error !== undefined && error.code !== 'access-denied');
    if (isDecided) {
      log.skip(step, EARLIER);
      continue;
    }
    const outcome = await log.runAnyway(step, ask);
    if (outcome === 'not-supported')
      log.unpass('This endpoint does not do dry runs of it; the round trip below tries it.');
    const last = log.stages.at(-1);
    if (last?.error?.code === 'access-denied') denials.push(last.error);
  }
  await explainDenials(log, trial, denials);
}

async function explainDenials(log: StageLog, trial: KeyTrial, denials: readonly AppError[]): Promise<void> {
  const actions = denials.map(({ data }) => String(data['action']));
  for (const [index, denial] of denials.entries()) {
    const action = actions[index] ?? '';
    log.explain(action, (await explainDeniedContext(trial, denial)) ?? withAllActions(denial, actions));
  }
}

/** Makes a data key, unwraps it again and compares. */
export async function tryRoundTrip(log: StageLog, trial: KeyTrial): Promise<void> {
  const { calls, keyArn, context, signal } = trial;
  await log.run(ROUND_TRIP, async () => {
    const made = await calls.generateDataKey({ keyArn, context, signal });
    const opened = await calls.decrypt({ keyArn, context, signal, ciphertext: made.ciphertext });
    if (made.keyArn !== keyArn || opened.keyArn !== keyArn || !made.key.equals(opened.key)) {
      throw new AppError('key-unusable', {
        publicMessage: `The key ${keyArn} did not give back the data key that it had made, or another key answered for it.`,
        data: { stage: 'key', keyArn },
      });
    }
  });
}
