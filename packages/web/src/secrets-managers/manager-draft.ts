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

/** @param saved what the settings are an edit of: what the form does not show stays as it is there */
export function settingsOf(draft: ManagerDraft, saved: SecretsManagerView | null): SettingsInput {
  const kept = {
    context: saved?.context ?? {},
    dataKeyCache: saved?.dataKeyCache ?? {
      maxAgeSeconds: DATA_KEY_CACHE_LIMITS.defaultMaxAgeSeconds,
      maxUses: DATA_KEY_CACHE_LIMITS.defaultMaxUses,
    },
  };
  const selectors = [...draft.selectors];
  if (draft.kind === 'built-in') return { kind: 'built-in', selectors, ...kept };
  return {
    kind: 'aws-kms',
    keyArn: draft.keyArn.trim(),
    region: draft.region === '' ? null : draft.region,
    credentials: credentialsOf(draft),
    selectors,
    ...kept,
  };
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
  const now = settingsOf(draft, saved);
  return JSON.stringify(now) !== JSON.stringify(settingsOf(before, saved));
}

/** What changed, as it is sent; without fields: nothing did. */
export function changeOf(draft: ManagerDraft, saved: SecretsManagerView): ManagerChange {
  const name = draft.name.trim();
  return {
    ...(name === saved.name ? {} : { name }),
    ...(hasOtherSettings(draft, saved) ? { settings: settingsOf(draft, saved) } : {}),
    ...(isSameDraft(draft.scope, draftOf(saved.usageScope)) ? {} : { usageScope: draft.scope }),
  };
}
