// What can be said of a secrets manager's settings before they are sent, field by field. The rules are core's, so the server says the same.
import {
  ASSUME_ROLE_DURATION,
  checkDisplayName,
  checkExternalId,
  checkFixedContext,
  DATA_KEY_CACHE_LIMITS,
  parseKeyArn,
  parseRoleArn,
  parseSelectors,
  requireRegionOf,
} from '@sallyport/core';
import type { ErrorCode } from '@sallyport/sdk/browser';
import type { SecretsManagerView } from '@sallyport/protocol';
import { isComplete } from '../scope-editor/region-draft.ts';
import { complaintOf } from '../ui/field-errors.ts';
import { contextOf, dataKeyCacheOf, hasOtherSettings } from './manager-draft.ts';
import type { ManagerDraft } from './manager-draft.ts';

export type DraftField =
  | 'name'
  | 'selectors'
  | 'accessKeyId'
  | 'secretAccessKey'
  | 'roleArn'
  | 'externalId'
  | 'duration'
  | 'keyArn'
  | 'region'
  | 'context'
  | 'cacheMaxAge'
  | 'cacheMaxUses'
  | 'scope';

/** By field; no entry: nothing is wrong with it. */
export type Complaints = Partial<Record<DraftField, string>>;

/** Beside which field the server's errors stand. */
export const FIELD_OF_CODE: Partial<Record<ErrorCode, DraftField>> = {
  'invalid-name': 'name',
  'name-taken': 'name',
  'invalid-key-arn': 'keyArn',
  'region-mismatch': 'region',
  'invalid-role-arn': 'roleArn',
  'invalid-external-id': 'externalId',
  'invalid-selector': 'selectors',
  'invalid-encryption-context': 'context',
};

const ACCESS_KEY_ID = /^[A-Z0-9]{16,128}$/;

/**
 * Everything that is wrong with a draft.
 * @param saved what it is an edit of; null: a new one
 */
export function judgeDraft(draft: ManagerDraft, saved: SecretsManagerView | null): Complaints {
  const found: Record<string, string | null> = {
    name: draft.name.trim() === '' ? 'Give it a name.' : complaintOf(checkDisplayName, draft.name.trim()),
    selectors: judgeSelectors(draft),
    context: judgeContext(draft),
    ...judgeCache(draft),
    scope: isComplete(draft.scope) ? null : 'Finish the rows of the usage scope.',
    ...(draft.kind === 'aws-kms' ? judgeAws(draft, saved) : {}),
  };
  return Object.fromEntries(Object.entries(found).filter(([, complaint]) => complaint !== null));
}

/** What is wrong with the fields that decide what is tried at AWS, so that there is no use in trying. */
export function judgeForTest(draft: ManagerDraft, saved: SecretsManagerView | null): Complaints {
  const { name: _name, scope: _scope, ...others } = judgeDraft(draft, saved);
  // A test of unsaved settings brings its credentials along; the stored secret key goes with saved settings only.
  const lacksSecret =
    draft.kind === 'aws-kms' &&
    draft.credentialsType === 'access-keys' &&
    draft.secretAccessKey === '' &&
    others.secretAccessKey === undefined &&
    (saved === null || hasOtherSettings(draft, saved));
  return lacksSecret
    ? {
        ...others,
        secretAccessKey: 'Give the secret key too: changed settings are tested with what is typed here.',
      }
    : others;
}

/** The mismatch of key and region, which is said at once; null: there is none. */
export function judgeRegion({ keyArn, region }: Pick<ManagerDraft, 'keyArn' | 'region'>): string | null {
  try {
    const arn = parseKeyArn(keyArn.trim());
    return region === ''
      ? 'Choose the region of the key.'
      : complaintOf((text) => requireRegionOf(arn, text), region);
  } catch {
    return null;
  }
}

function judgeAws(draft: ManagerDraft, saved: SecretsManagerView | null): Record<string, string | null> {
  return {
    keyArn:
      draft.keyArn.trim() === '' ? 'Give the ARN of the key.' : complaintOf(parseKeyArn, draft.keyArn.trim()),
    region: judgeRegion(draft),
    ...(draft.credentialsType === 'access-keys' ? judgeKeys(draft, saved) : {}),
    ...(draft.credentialsType === 'sts-role' ? judgeRole(draft) : {}),
  };
}

function judgeSelectors({ kind, credentialsType, selectors }: ManagerDraft): string | null {
  if (selectors.length === 0 && kind === 'aws-kms' && credentialsType !== 'access-keys') {
    return 'Name at least one: with a role, the delegate decides whose rights are used.';
  }
  try {
    parseSelectors(selectors);
    return null;
  } catch (thrown) {
    return thrown instanceof Error && 'publicMessage' in thrown
      ? String(thrown.publicMessage)
      : String(thrown);
  }
}

function judgeContext({ context }: ManagerDraft): string | null {
  const bare = context.find((pair) => !pair.includes('='));
  if (bare !== undefined) return `“${bare}” has no value. Write it as ${bare}=value.`;
  if (Object.keys(contextOf({ context })).length < context.length) return 'Two pairs have the same name.';
  return complaintOf(checkFixedContext, contextOf({ context }));
}

function judgeCache(draft: ManagerDraft): Record<string, string | null> {
  const { maxAgeSeconds, maxUses } = dataKeyCacheOf(draft);
  const limits = DATA_KEY_CACHE_LIMITS;
  const most = { age: limits.maxAgeSeconds.toLocaleString('en'), uses: limits.maxUses.toLocaleString('en') };
  return {
    cacheMaxAge:
      maxAgeSeconds <= limits.maxAgeSeconds ? null : `It has to be 0 (off) to ${most.age} seconds.`,
    cacheMaxUses: maxUses >= 1 && maxUses <= limits.maxUses ? null : `It has to be 1 to ${most.uses} uses.`,
  };
}

function judgeKeys(draft: ManagerDraft, saved: SecretsManagerView | null): Record<string, string | null> {
  const accessKeyId = draft.accessKeyId.trim();
  const keeps = saved?.kind === 'aws-kms' && saved.credentials.type === 'access-keys';
  // What is not touched is not sent, so it need not be there.
  if (keeps && !hasOtherSettings(draft, saved)) return {};
  return {
    accessKeyId: ACCESS_KEY_ID.test(accessKeyId)
      ? null
      : accessKeyId === ''
        ? keeps
          ? 'Type the access key again: settings are sent as a whole, and the saved one is shown masked only.'
          : 'Give the access key.'
        : 'An access key has 16 to 128 upper-case letters and digits, as in AKIAIOSFODNN7EXAMPLE.',
    secretAccessKey: draft.secretAccessKey === '' && !keeps ? 'Give the secret key.' : null,
  };
}

function judgeRole(draft: ManagerDraft): Record<string, string | null> {
  const { minSeconds, maxSeconds } = ASSUME_ROLE_DURATION;
  const seconds = /^\d+$/.test(draft.duration.trim()) ? Number(draft.duration) : Number.NaN;
  const externalId = draft.externalId.trim();
  return {
    roleArn:
      draft.roleArn.trim() === ''
        ? 'Give the ARN of the role.'
        : complaintOf(parseRoleArn, draft.roleArn.trim()),
    externalId: externalId === '' ? null : complaintOf(checkExternalId, externalId),
    duration: seconds >= minSeconds && seconds <= maxSeconds ? null : 'It has to be 900 to 43,200 seconds.',
  };
}
