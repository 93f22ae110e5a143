// The operations that make, describe and change keys: enough for tools that set a lab up over the wire, and for status pages.
// Grants, tags, import tokens, custom key stores and paging are not here.
import { isAppError } from '@sallyport/core';
import { aliasArn } from './key-store.ts';
import type { KeyRecord } from './key-store.ts';
import { KEY_USAGES } from './lab-key.ts';
import type { KeySpec, KeyUsage } from './lab-key.ts';
import { authorizeAccount, authorizeKey, findKey, KEY_ID_BOUNDS } from './kms-call.ts';
import type { KmsCall } from './kms-call.ts';
import { checkState } from './kms-data-keys.ts';
import type { KmsReply } from './kms-data-keys.ts';
import { compilePolicy } from './policy-document.ts';
import type { PolicyDocument } from './policy-document.ts';
import { ServiceError } from './service-error.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
const SPECS = Object.keys(KEY_USAGES) as KeySpec[];
const USAGES: readonly KeyUsage[] = [
  'ENCRYPT_DECRYPT',
  'SIGN_VERIFY',
  'KEY_AGREEMENT',
  'GENERATE_VERIFY_MAC',
];
const ALIAS_BOUNDS = { min: 1, max: 256, pattern: /^[a-zA-Z0-9:/_-]+$/ } as const;

export function describeKey(call: KmsCall): KmsReply {
  return { KeyMetadata: keyMetadata(call, keyOfCall(call)) };
}

export function createKey(call: KmsCall): KmsReply {
  const { input } = call;
  const spec =
    input.oneOf('KeySpec', SPECS) ?? input.oneOf('CustomerMasterKeySpec', SPECS) ?? 'SYMMETRIC_DEFAULT';
  const usage = input.oneOf('KeyUsage', USAGES);
  const origin = input.oneOf('Origin', ['AWS_KMS', 'EXTERNAL'] as const);
  const description = input.optional('Description', { max: 8192 });
  const policy = readPolicy(input.optional('Policy', { min: 1, max: 131_072 }));
  const multiRegion = input.flag('MultiRegion');
  input.finish();
  authorizeAccount(call);
  const key = refusing(() =>
    call.keys.createKey({
      region: call.region,
      accountId: call.principal.accountId,
      spec,
      multiRegion,
      ...(usage === null ? {} : { usage }),
      ...(origin === null ? {} : { origin }),
      ...(description === null ? {} : { description }),
      ...(policy === null ? {} : { policy }),
    }),
  );
  call.trace.keyArn = key.arn;
  return { KeyMetadata: keyMetadata(call, key) };
}

export function listKeys(call: KmsCall): KmsReply {
  call.input.finish();
  authorizeAccount(call);
  const mine = [...call.keys.keys.values()].filter((key) => isMine(call, key.arn));
  return { Keys: mine.map((key) => ({ KeyId: key.keyId, KeyArn: key.arn })), Truncated: false };
}

export function listAliases(call: KmsCall): KmsReply {
  const keyIdText = call.input.optional('KeyId', KEY_ID_BOUNDS);
  call.input.finish();
  authorizeAccount(call);
  const only = keyIdText === null ? null : findKey(call, keyIdText).arn;
  const mine = [...call.keys.aliases].filter(
    ([arn, target]) => isMine(call, arn) && (only ?? target) === target,
  );
  return {
    Aliases: mine.map(([arn, target]) => ({
      AliasName: arn.split(':')[5],
      AliasArn: arn,
      TargetKeyId: target.split('/')[1],
    })),
    Truncated: false,
  };
}

/** CreateAlias and UpdateAlias. */
export function setAlias(call: KmsCall): KmsReply {
  const name = call.input.required('AliasName', ALIAS_BOUNDS);
  const keyIdText = call.input.required('TargetKeyId', KEY_ID_BOUNDS);
  call.input.finish();
  const arn = ownAlias(call, name);
  const exists = call.keys.aliases.has(arn);
  if (call.operation === 'CreateAlias' && exists) {
    throw new ServiceError('AlreadyExistsException', {
      text: `An alias with the name ${arn} already exists`,
    });
  }
  if (call.operation === 'UpdateAlias' && !exists) {
    throw new ServiceError('NotFoundException', { text: `Alias ${arn} is not found.` });
  }
  const key = findKey(call, keyIdText);
  authorizeKey(call, key);
  refusing(() => call.keys.setAlias({ name, arn: key.arn }));
  return {};
}

export function deleteAlias(call: KmsCall): KmsReply {
  const name = call.input.required('AliasName', ALIAS_BOUNDS);
  call.input.finish();
  const arn = ownAlias(call, name);
  authorizeKey(call, findKey(call, arn));
  call.keys.deleteAlias(arn);
  return {};
}

/** EnableKey and DisableKey. */
export function switchKey(call: KmsCall): KmsReply {
  const key = keyOfCall(call);
  if (key.state !== 'Enabled' && key.state !== 'Disabled') checkState(key);
  call.keys.updateKey(key.arn, { state: call.operation === 'EnableKey' ? 'Enabled' : 'Disabled' });
  return {};
}

export function scheduleKeyDeletion(call: KmsCall): KmsReply {
  const days = call.input.integer('PendingWindowInDays', { min: 7, max: 30 }) ?? 30;
  const key = keyOfCall(call);
  if (key.state === 'PendingDeletion') checkState(key);
  const deletionAtMs = call.nowMs + days * DAY_MS;
  call.keys.updateKey(key.arn, { state: 'PendingDeletion', deletionAtMs });
  return {
    KeyId: key.arn,
    DeletionDate: deletionAtMs / 1000,
    KeyState: 'PendingDeletion',
    PendingWindowInDays: days,
  };
}

export function cancelKeyDeletion(call: KmsCall): KmsReply {
  const key = keyOfCall(call);
  if (key.state !== 'PendingDeletion') {
    throw new ServiceError('KMSInvalidStateException', { text: `${key.arn} is not pending deletion.` });
  }
  call.keys.updateKey(key.arn, { state: 'Disabled' });
  return { KeyId: key.arn };
}

export function rotateKeyOnDemand(call: KmsCall): KmsReply {
  const key = keyOfCall(call);
  if (key.spec !== 'SYMMETRIC_DEFAULT' || key.origin !== 'AWS_KMS' || key.multiRegion === 'REPLICA') {
    throw new ServiceError('UnsupportedOperationException', {
      text: `${key.arn} cannot be rotated on demand.`,
    });
  }
  checkState(key);
  call.keys.rotate(key.arn);
  return { KeyId: key.arn };
}

export function listKeyRotations(call: KmsCall): KmsReply {
  const key = keyOfCall(call);
  const rotated = call.keys.materialIds(key.lineage).slice(1);
  return {
    Rotations: rotated.map((id) => ({ KeyId: key.arn, KeyMaterialId: id, RotationType: 'ON_DEMAND' })),
    Truncated: false,
  };
}

export function getKeyPolicy(call: KmsCall): KmsReply {
  return { Policy: JSON.stringify(keyOfCall(call).policy.document, null, 2), PolicyName: 'default' };
}

export function putKeyPolicy(call: KmsCall): KmsReply {
  const text = call.input.required('Policy', { min: 1, max: 131_072 });
  const key = keyOfCall(call);
  const policy = readPolicy(text);
  if (policy !== null) call.keys.updateKey(key.arn, { policy });
  return {};
}

/** Reads KeyId, finds the key and asks the policies for the operation. */
function keyOfCall(call: KmsCall): KeyRecord {
  const keyIdText = call.input.required('KeyId', KEY_ID_BOUNDS);
  call.input.finish();
  const key = findKey(call, keyIdText);
  authorizeKey(call, key, { keyIdText });
  return key;
}

function ownAlias(call: KmsCall, name: string): string {
  if (name.startsWith('alias/aws/')) throw new ServiceError('NotAuthorizedException', { text: '' });
  if (!name.startsWith('alias/')) {
    throw new ServiceError('ValidationException', {
      text: 'Alias must start with the prefix "alias/". Please see https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html',
    });
  }
  return aliasArn({ region: call.region, accountId: call.principal.accountId, name });
}

function isMine(call: KmsCall, arn: string): boolean {
  const [, , , region, accountId] = arn.split(':');
  return region === call.region && accountId === call.principal.accountId;
}

function readPolicy(text: string | null): PolicyDocument | null {
  if (text === null) return null;
  try {
    return compilePolicy(JSON.parse(text), 'resource').document;
  } catch (error) {
    throw new ServiceError('MalformedPolicyDocumentException', {
      text: isAppError(error) ? error.publicMessage : 'The policy is not valid JSON.',
    });
  }
}

/** Turns what the store refuses into KMS's words. */
function refusing<Result>(work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    if (isAppError(error, 'name-taken'))
      throw new ServiceError('AlreadyExistsException', { text: error.publicMessage });
    if (isAppError(error, 'invalid-request'))
      throw new ServiceError('ValidationException', { text: error.publicMessage });
    throw error;
  }
}

function keyMetadata(call: KmsCall, key: KeyRecord): KmsReply {
  return {
    AWSAccountId: key.accountId,
    KeyId: key.keyId,
    Arn: key.arn,
    CreationDate: key.createdAtMs / 1000,
    Enabled: key.state === 'Enabled',
    Description: key.description,
    KeyUsage: key.usage,
    KeyState: key.state,
    Origin: key.origin,
    KeyManager: 'CUSTOMER',
    KeySpec: key.spec,
    CustomerMasterKeySpec: key.spec,
    MultiRegion: key.multiRegion !== null,
    ...(key.deletionAtMs === null ? {} : { DeletionDate: key.deletionAtMs / 1000 }),
    ...(key.spec === 'SYMMETRIC_DEFAULT'
      ? {
          EncryptionAlgorithms: ['SYMMETRIC_DEFAULT'],
          CurrentKeyMaterialId: call.keys.currentMaterialId(key.lineage),
        }
      : {}),
    ...(key.multiRegion === null ? {} : { MultiRegionConfiguration: multiRegionConfiguration(call, key) }),
  };
}

function multiRegionConfiguration(call: KmsCall, key: KeyRecord): KmsReply {
  const related = [...call.keys.keys.values()].filter((other) => other.lineage === key.lineage);
  const named = (other: KeyRecord): KmsReply => ({ Arn: other.arn, Region: other.region });
  return {
    MultiRegionKeyType: key.multiRegion,
    PrimaryKey: related.filter((other) => other.multiRegion === 'PRIMARY').map(named)[0],
    ReplicaKeys: related.filter((other) => other.multiRegion === 'REPLICA').map(named),
  };
}
