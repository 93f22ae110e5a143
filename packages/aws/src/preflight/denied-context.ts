// Finds out whether a denial is about the encryption context and not about the action: by asking, as dry runs, whether the same
// would be allowed with fewer pairs. Never without a context at all, and only when there are fixed pairs to leave out.
import { AppError, isAppError } from '@sallyport/core';
import type { EncryptionContext } from '@sallyport/core';
import type { KeyTrial } from './key-trial.ts';

/** A `context-rejected` error in place of a denial, or `null` when the context makes no difference. */
export async function explainDeniedContext(trial: KeyTrial, denial: AppError): Promise<AppError | null> {
  const fixedKeys = Object.keys(trial.fixedContext);
  if (fixedKeys.length === 0) return null;
  const action = String(denial.data['action']);
  const binding = Object.fromEntries(
    Object.entries(trial.context).filter(([key]) => !fixedKeys.includes(key)),
  );
  if (await isPermitted(trial, { action, context: binding })) {
    return rejected(denial, {
      what: `${action} on the key ${trial.keyArn} is allowed, but not with the fixed context pairs of the secrets manager (${fixedKeys.join(', ')}).`,
      hint: 'Compare the fixed context pairs with the conditions on kms:EncryptionContext in the policies of the key and of the role.',
    });
  }
  if (await isPermitted(trial, { action, context: trial.fixedContext })) {
    return rejected(denial, {
      what: `${action} on the key ${trial.keyArn} is allowed, but not with the context pairs that Sallyport adds (${Object.keys(binding).join(', ')}).`,
      hint: 'Allow these names in the condition on kms:EncryptionContextKeys, or remove it.',
    });
  }
  return null;
}

async function isPermitted(
  trial: KeyTrial,
  ask: { action: string; context: EncryptionContext },
): Promise<boolean> {
  const { calls, keyArn, signal } = trial;
  const request = { keyArn, context: ask.context, signal };
  try {
    const outcome =
      ask.action === 'kms:Decrypt'
        ? await calls.dryRunDecrypt(request)
        : await calls.dryRunGenerateDataKey(request);
    return outcome === 'permitted';
  } catch (thrown) {
    signal.throwIfAborted();
    if (isAppError(thrown)) return false;
    throw thrown;
  }
}

function rejected(denial: AppError, words: { what: string; hint: string }): AppError {
  const { awsCode, requestId } = denial.data;
  return new AppError('context-rejected', {
    publicMessage: words.what,
    data: {
      stage: 'context',
      action: denial.data['action'],
      keyArn: denial.data['keyArn'],
      contextKeys: denial.data['contextKeys'],
      hint: words.hint,
      ...(awsCode === undefined ? {} : { awsCode }),
      ...(requestId === undefined ? {} : { requestId }),
    },
    cause: denial,
  });
}
