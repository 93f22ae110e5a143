// Why a delegate failed a preflight, in so few words that a list has room for them. The whole of it is in the report.
import type { ErrorCode } from '@sallyport/core';
import type { DelegatePreflight, PreflightStage, WireError } from '@sallyport/protocol';

const WORDS: Partial<Record<ErrorCode, string>> = {
  'aws-unreachable': 'AWS cannot be reached',
  'aws-credentials': 'no usable AWS credentials',
  'assume-role-failed': 'the role cannot be assumed',
  'key-unusable': 'the key cannot be used',
  'context-rejected': 'the encryption context is refused',
  'aws-throttled': 'AWS limits its requests',
  'aws-failed': 'AWS failed',
  'delegate-refused': 'its guard file does not allow it',
  'delegate-lost': 'it went away during the test',
  'task-timeout': 'no answer in time',
};

const MAX_CHARACTERS = 120;

/** E.g. `missing kms:GenerateDataKey and kms:Decrypt`; null: it passed. */
export function failureWords({ report, error }: DelegatePreflight): string | null {
  if (report?.ok === true) return null;
  const failed = report?.stages.filter(({ outcome }) => outcome === 'failed') ?? [];
  const missing = new Set(failed.filter(isDenied).map(actionOf));
  if (missing.size > 0) return clipped(`missing ${[...missing].join(' and ')}`);
  return clipped(wordsOf(failed[0]?.error ?? error));
}

function wordsOf(error: WireError | undefined): string {
  if (error === undefined) return 'it did not say why';
  return WORDS[error.code] ?? error.message;
}

function isDenied({ error }: PreflightStage): boolean {
  return error?.code === 'access-denied';
}

/** The action that was denied, which may be one of several that the stage takes. */
function actionOf({ action, error }: PreflightStage): string {
  const denied = error?.data?.['action'];
  return typeof denied === 'string' ? denied : action;
}

function clipped(text: string): string {
  return text.length <= MAX_CHARACTERS ? text : `${text.slice(0, MAX_CHARACTERS - 1)}…`;
}
