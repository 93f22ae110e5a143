// Keeps what a test of saved settings found, delegate by delegate: whatever is asked later about the health of a secrets manager is answered
// from here. A delegate that was not asked keeps its former result, with its own time.
import type { DelegatePreflight, SecretsManagerAccess, WireError } from '@sallyport/protocol';
import type { Tables } from '../storage/store.ts';
import { failureWords } from './failure-words.ts';
import type { TestFindings } from './manager-test-store.ts';
import type { PreflightSubject } from './preflight.ts';

/** Facts of an error that are kept, all of them texts. Others are of no use later, and what is not kept cannot leak. */
const FACTS = ['stage', 'action', 'awsCode', 'requestId', 'delegate', 'hint', 'missingStatement'] as const;

const HIDDEN = '[redacted]';

export type TestedSettings = PreflightSubject & { settingsRevision: number; atMs: number };

/** @param delegates those that are through with it */
export async function keepTests(
  { managerTests }: Pick<Tables, 'managerTests'>,
  { id, access, settingsRevision, atMs }: TestedSettings,
  delegates: readonly DelegatePreflight[],
): Promise<void> {
  for (const one of delegates) {
    const cleaned = withoutCredentials(one, access);
    const { delegateId, report } = cleaned;
    const row = {
      secretsManagerId: id,
      delegateId,
      settingsRevision,
      atMs,
      ok: report?.ok === true,
      elapsedMs: elapsedMs(cleaned),
      failure: failureWords(cleaned),
      warningCount: report?.warnings.length ?? 0,
    };
    await managerTests.save(row, findingsOf(cleaned));
  }
}

function elapsedMs({ report }: DelegatePreflight): number | null {
  if (report === null) return null;
  return Math.round(report.stages.reduce((sum, stage) => sum + stage.elapsedMs, 0));
}

function findingsOf({ report, error }: DelegatePreflight): TestFindings {
  return {
    report: report && { ...report, stages: report.stages.map(withFewFacts) },
    ...(error === undefined ? {} : withFewFacts({ error })),
  };
}

function withFewFacts<T extends { error?: WireError | undefined }>(holder: T): T {
  const { error } = holder;
  if (error === undefined) return holder;
  const kept = FACTS.map((fact) => [fact, error.data?.[fact]]).filter(
    ([, value]) => typeof value === 'string',
  );
  return { ...holder, error: { ...error, data: Object.fromEntries(kept) } };
}

/**
 * Delegates are not supposed to repeat the access keys that they were lent. Where one does by mistake, they are not stored in clear for it.
 */
function withoutCredentials(one: DelegatePreflight, access: SecretsManagerAccess): DelegatePreflight {
  const { settings, secretAccessKey } = access;
  const lent = [
    secretAccessKey,
    settings.kind === 'aws-kms' && settings.credentials.type === 'access-keys'
      ? settings.credentials.accessKeyId
      : null,
  ].filter((text) => text !== null && text !== '');
  if (lent.length === 0) return one;
  const clean = (value: unknown): unknown => {
    if (typeof value === 'string') {
      return lent.reduce<string>((text, credential) => text.replaceAll(credential ?? '', HIDDEN), value);
    }
    if (Array.isArray(value)) return value.map(clean);
    if (value === null || typeof value !== 'object') return value;
    return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, clean(inner)]));
  };
  const { report, error } = one;
  return { ...one, ...(clean({ report, error }) as TestFindings) };
}
