// One KMS call on its way through an operation, and the two steps that nearly every operation begins with: finding the key that
// `KeyId` means, and asking the policies.
import { partitionOfRegion } from '@sallyport/core';
import type { CallTrace } from './call-log.ts';
import { denialText, evaluateAccess } from './evaluate-policy.ts';
import { aliasArn, keyArn } from './key-store.ts';
import type { KeyRecord, KeyStore } from './key-store.ts';
import type { KmsInput } from './kms-input.ts';
import type { SigningPrincipal } from './principal.ts';
import { globalContext } from './request-context.ts';
import { ServiceError } from './service-error.ts';

export type EncryptionContext = Readonly<Record<string, string>>;

export type KmsCall = {
  /** E.g. `Decrypt`. */
  operation: string;
  input: KmsInput;
  principal: SigningPrincipal;
  /** Region of the signature's scope; the lab serves every region at one address. */
  region: string;
  sourceAddress: string;
  nowMs: number;
  keys: KeyStore;
  trace: CallTrace;
};

/** `KeyId` as every operation takes it. */
export const KEY_ID_BOUNDS = { min: 1, max: 2048 } as const;

const KEY_ID = /^(?:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|mrk-[0-9a-f]{32})$/i;

/**
 * The key that a KeyId means: key id or alias name in the caller's account and region, or an ARN of that region.
 * Throws NotFoundException, InvalidArnException, or AccessDeniedException where AWS does not tell a missing key from a closed one.
 */
export function findKey(call: KmsCall, keyIdText: string): KeyRecord {
  const arn = keyIdText.startsWith('arn:') ? arnOf(call, keyIdText) : localArn(call, keyIdText);
  const isAlias = arn.split(':', 6)[5]?.startsWith('alias/') === true;
  if (isAlias && arn.includes(':alias/aws/')) {
    // Keys behind these aliases belong to AWS services; their policies admit calls through the service only.
    throw new ServiceError('AccessDeniedException', {
      text: `User: ${call.principal.arn} is not authorized to perform: kms:${call.operation} on resource: ${arn} because no resource-based policy allows the kms:${call.operation} action`,
    });
  }
  const target = isAlias ? call.keys.aliases.get(arn) : arn;
  if (target === undefined)
    throw new ServiceError('NotFoundException', { text: `Alias ${arn} is not found.` });
  const key = call.keys.find(target);
  if (key === undefined) throw noSuchKey(call, target);
  call.trace.keyArn = key.arn;
  return key;
}

function localArn(call: KmsCall, text: string): string {
  const { region } = call;
  const { accountId } = call.principal;
  if (text.startsWith('alias/')) return aliasArn({ region, accountId, name: text });
  if (!KEY_ID.test(text)) throw new ServiceError('NotFoundException', { text: `Invalid keyId '${text}'` });
  return keyArn({ region, accountId, keyId: text });
}

function arnOf(call: KmsCall, text: string): string {
  const [, partition, service, region = '', accountId = '', resource = '', ...rest] = text.split(':');
  if (service !== 'kms' || region === '' || !/^\d{12}$/.test(accountId) || rest.length > 0) {
    throw new ServiceError('InvalidArnException', { text: `Invalid arn ${text}` });
  }
  if (region !== call.region || partition !== partitionOfRegion(region)) {
    throw new ServiceError('NotFoundException', { text: `Invalid arn ${region}` });
  }
  if (!resource.startsWith('key/') && !resource.startsWith('alias/')) {
    throw new ServiceError('InvalidArnException', { text: `Invalid arn ${text}` });
  }
  return text;
}

function noSuchKey(call: KmsCall, arn: string): ServiceError {
  if (arn.split(':')[4] === call.principal.accountId) {
    return new ServiceError('NotFoundException', { text: `Key '${arn}' does not exist` });
  }
  return new ServiceError('AccessDeniedException', {
    text: `User: ${call.principal.arn} is not authorized to perform: kms:${call.operation} on this resource because the resource does not exist in this Region, no resource-based policies allow access, or a resource-based policy explicitly denies access`,
  });
}

/** What is asked for beyond the key. */
export type KeyAccess = {
  /** The action where it is not `kms:` and the operation's name. */
  action?: string;
  encryptionContext?: EncryptionContext;
  /** `KeyId` as sent, for `kms:RequestAlias`. */
  keyIdText?: string;
};

/** Asks the caller's policies and the key's. Throws AccessDeniedException with AWS's text. */
export function authorizeKey(call: KmsCall, key: KeyRecord, access: KeyAccess = {}): void {
  const request = {
    principal: call.principal,
    action: access.action ?? `kms:${call.operation}`,
    resourceArn: key.arn,
    resourceAccountId: key.accountId,
    resourcePolicy: key.policy,
    context: keyContext(call, key, access),
  };
  const denial = evaluateAccess(request);
  if (denial !== null) {
    throw new ServiceError('AccessDeniedException', { text: denialText(request, denial) });
  }
}

/** Asks for an action that has no key yet, such as CreateKey. */
export function authorizeAccount(call: KmsCall): void {
  const request = {
    principal: call.principal,
    action: `kms:${call.operation}`,
    resourceArn: '*',
    resourceAccountId: call.principal.accountId,
    resourcePolicy: null,
    context: globalContext(call),
  };
  const denial = evaluateAccess(request);
  if (denial !== null) {
    throw new ServiceError('AccessDeniedException', { text: denialText(request, denial) });
  }
}

function keyContext(call: KmsCall, key: KeyRecord, access: KeyAccess): Map<string, string[]> {
  const context = globalContext(call);
  context.set('kms:calleraccount', [call.principal.accountId]);
  context.set('aws:resourceaccount', [key.accountId]);
  context.set('kms:keyspec', [key.spec]);
  context.set('kms:keyusage', [key.usage]);
  context.set('kms:keyorigin', [key.origin]);
  context.set('kms:multiregion', [String(key.multiRegion !== null)]);
  const aliases = [...call.keys.aliases].filter(([, target]) => target === key.arn);
  if (aliases.length > 0) {
    context.set(
      'kms:resourcealiases',
      aliases.map(([arn]) => arn.split(':')[5] ?? ''),
    );
  }
  const requestAlias = /(?:^|:)(alias\/.+)$/.exec(access.keyIdText ?? '')?.[1];
  if (requestAlias !== undefined) context.set('kms:requestalias', [requestAlias]);
  addEncryptionContext(context, access.encryptionContext ?? {});
  return context;
}

/**
 * `kms:EncryptionContext:KEY` for each pair (names of condition keys ignore case) and `kms:EncryptionContextKeys` for all keys, as sent.
 * Two keys that differ only in case give one condition key with two values, which no single-valued operator takes.
 */
function addEncryptionContext(context: Map<string, string[]>, pairs: EncryptionContext): void {
  const names = Object.keys(pairs);
  if (names.length === 0) return;
  context.set('kms:encryptioncontextkeys', names);
  for (const name of names) {
    const conditionKey = `kms:encryptioncontext:${name.toLowerCase()}`;
    context.set(conditionKey, [...(context.get(conditionKey) ?? []), pairs[name] ?? '']);
  }
}
