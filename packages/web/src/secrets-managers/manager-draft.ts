// The settings of a secrets manager while somebody edits them, and what is sent for them. Everything that was typed for one credentials
// type stays when another one is looked at; only what belongs to the chosen one is sent.
import { ASSUME_ROLE_DURATION, DATA_KEY_CACHE_LIMITS, parseKeyArn } from '@sallyport/core';
import type { CredentialsType, SecretsManagerKind } from '@sallyport/core';
import type { CredentialsInput, SecretsManagerView, SettingsInput } from '@sallyport/protocol';
import { draftOf, EVERYWHERE_ROW, isSameDraft } from '../scope-editor/region-draft.ts';
import type { DraftRow } from '../scope-editor/region-draft.ts';

export type ManagerDraft = {
  kind: SecretsManagerKind;
  name: string;
  credentialsType: CredentialsType;
  selectors: string[];
  accessKeyId: string;
  /** In clear, here only. On an edit empty: unchanged. */
  secretAccessKey: string;
  roleArn: string;
  externalId: string;
  /** Seconds, as typed. */
  duration: string;
  keyArn: string;
  /** Empty: none chosen. */
  region: string;
  /** Pairs `name=value`. */
  context: string[];
  /** Seconds, as typed. */
  cacheMaxAge: string;
  /** As typed. */
  cacheMaxUses: string;
  scope: DraftRow[];
  makeDefault: boolean;
};

/** What an edit sends; null: nothing has changed. */
export type ManagerChange = {
  name?: string;
  settings?: SettingsInput;
  usageScope?: DraftRow[];
};

export function newDraft(kind: SecretsManagerKind, makeDefault: boolean): ManagerDraft {
  return {
    kind,
    name: '',
    credentialsType: 'iam-role',
    selectors: [],
    accessKeyId: '',
    secretAccessKey: '',
    roleArn: '',
    externalId: '',
    duration: String(ASSUME_ROLE_DURATION.defaultSeconds),
    keyArn: '',
    region: '',
    context: [],
    cacheMaxAge: String(DATA_KEY_CACHE_LIMITS.defaultMaxAgeSeconds),
    cacheMaxUses: String(DATA_KEY_CACHE_LIMITS.defaultMaxUses),
    scope: [EVERYWHERE_ROW],
    makeDefault,
  };
}

/** The draft of a saved one. The access key id is shown masked, so it is empty here until somebody types it. */
export function draftOfManager(view: SecretsManagerView): ManagerDraft {
  const base = {
    ...newDraft(view.kind, view.isDefault),
    name: view.name,
    selectors: view.selectors,
    context: Object.entries(view.context).map(([name, value]) => `${name}=${value}`),
    cacheMaxAge: String(view.dataKeyCache.maxAgeSeconds),
    cacheMaxUses: String(view.dataKeyCache.maxUses),
    scope: draftOf(view.usageScope),
  };
  if (view.kind === 'built-in') return base;
  const { keyArn, region, credentials } = view;
  const aws = { ...base, keyArn, region, credentialsType: credentials.type };
  if (credentials.type !== 'sts-role') return aws;
  const { roleArn, externalId, durationSeconds } = credentials;
  return { ...aws, roleArn, externalId: externalId ?? '', duration: String(durationSeconds) };
}

/**
 * With another key ARN. Its region is filled in as long as nobody has chosen another one than that of the ARN before.
 */
export function withKeyArn(draft: ManagerDraft, keyArn: string): ManagerDraft {
  const region = regionIn(keyArn);
  const wasFilledIn = draft.region === '' || draft.region === regionIn(draft.keyArn);
  return { ...draft, keyArn, region: region !== null && wasFilledIn ? region : draft.region };
}

/** The region of a key ARN; null: there is none yet. */
export function regionIn(keyArn: string): string | null {
  try {
    return parseKeyArn(keyArn.trim()).region;
  } catch {
    return null;
  }
}

/** The settings as they are sent; of a draft without complaints. */
export function settingsOf(draft: ManagerDraft): SettingsInput {
  const shared = { context: contextOf(draft), dataKeyCache: dataKeyCacheOf(draft) };
  const selectors = [...draft.selectors];
  if (draft.kind === 'built-in') return { kind: 'built-in', selectors, ...shared };
  return {
    kind: 'aws-kms',
    keyArn: draft.keyArn.trim(),
    region: draft.region === '' ? null : draft.region,
    credentials: credentialsOf(draft),
    selectors,
    ...shared,
  };
}

/** What is left of `=` is the name. A pair without one has no value, which is complained about. */
export function contextOf({ context }: Pick<ManagerDraft, 'context'>): Record<string, string> {
  return Object.fromEntries(
    context.map((pair) => {
      const at = pair.indexOf('=');
      return at === -1 ? [pair, ''] : [pair.slice(0, at).trim(), pair.slice(at + 1).trim()];
    }),
  );
}

/** NaN for what is no whole number. */
export function dataKeyCacheOf({ cacheMaxAge, cacheMaxUses }: ManagerDraft): {
  maxAgeSeconds: number;
  maxUses: number;
} {
  return { maxAgeSeconds: wholeNumber(cacheMaxAge), maxUses: wholeNumber(cacheMaxUses) };
}

function wholeNumber(text: string): number {
  return /^\d+$/.test(text.trim()) ? Number(text) : Number.NaN;
}

function credentialsOf(draft: ManagerDraft): CredentialsInput {
  if (draft.credentialsType === 'iam-role') return { type: 'iam-role' };
  if (draft.credentialsType === 'access-keys') {
    const { secretAccessKey } = draft;
    return {
      type: 'access-keys',
      accessKeyId: draft.accessKeyId.trim(),
      ...(secretAccessKey === '' ? {} : { secretAccessKey }),
    };
  }
  const externalId = draft.externalId.trim();
  return {
    type: 'sts-role',
    roleArn: draft.roleArn.trim(),
    externalId: externalId === '' ? null : externalId,
    durationSeconds: Number(draft.duration),
  };
}

/** Whether the settings themselves differ from the saved ones: not the name, not the scope. */
export function hasOtherSettings(draft: ManagerDraft, saved: SecretsManagerView): boolean {
  const before = draftOfManager(saved);
  return JSON.stringify(settingsOf(draft)) !== JSON.stringify(settingsOf(before));
}

/** What changed, as it is sent; without fields: nothing did. */
export function changeOf(draft: ManagerDraft, saved: SecretsManagerView): ManagerChange {
  const name = draft.name.trim();
  return {
    ...(name === saved.name ? {} : { name }),
    ...(hasOtherSettings(draft, saved) ? { settings: settingsOf(draft) } : {}),
    ...(isSameDraft(draft.scope, draftOf(saved.usageScope)) ? {} : { usageScope: draft.scope }),
  };
}
