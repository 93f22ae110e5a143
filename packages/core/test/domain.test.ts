// Ids, names, references, selectors, contexts and settings: parse and print agree, and what is not allowed is refused by code.
import { randomBytes } from 'node:crypto';
import { inspect } from 'node:util';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  AppError,
  checkAwsKmsSettings,
  checkDisplayName,
  checkFixedContext,
  checkSecretName,
  encryptionContextOf,
  implicitSelectors,
  isId,
  makeId,
  missingSelectors,
  nameKey,
  parseId,
  parseSecretReference,
  parseSelector,
  parseSelectors,
  Plaintext,
  printSecretReference,
} from '@sallyport/core';
import type { AwsKmsSettings, SecretId, SecretsManagerId } from '@sallyport/core';

function codeOf(run: () => unknown): string | null {
  try {
    run();
    return null;
  } catch (thrown) {
    return thrown instanceof AppError ? thrown.code : 'not an AppError';
  }
}

const SECRET_ID = makeId('secret', { nowMs: 1_790_000_000_000, random: new Uint8Array(10) });
const MANAGER_ID = makeId('secretsManager', { nowMs: 1_790_000_000_000, random: new Uint8Array(10) });

describe('ids', () => {
  test('an id has its form, sorts by time and is no id of another kind', () => {
    fc.assert(
      fc.property(fc.nat(2 ** 40), fc.nat(2 ** 20), (nowMs, laterMs) => {
        const early = makeId('secret', { nowMs, random: randomBytes(10) });
        const late = makeId('secret', { nowMs: nowMs + laterMs + 1, random: randomBytes(10) });
        expect(isId('secret', early)).toBe(true);
        expect(isId('delegate', early)).toBe(false);
        expect(early < late).toBe(true);
      }),
    );
  });

  test('no two of 10,000 ids of one millisecond are equal', () => {
    const ids = new Set(
      Array.from({ length: 10_000 }, () => makeId('task', { nowMs: 1, random: randomBytes(10) })),
    );
    expect(ids.size).toBe(10_000);
  });

  test.each([
    '',
    'sec_',
    'sec_short',
    `${SECRET_ID}x`,
    SECRET_ID.replace('sec', 'sm'),
    SECRET_ID.toUpperCase(),
  ])('%s is no secret id', (text) => {
    expect(codeOf(() => parseId('secret', text))).toBe('invalid-request');
  });
});

describe('names and references', () => {
  test.each(['db-password', 'A', 'tls.crt', 'a b', 'x_1', 'v'.repeat(128)])('%s is a secret name', (name) => {
    expect(checkSecretName(name)).toBe(name);
  });

  test.each(['', ' a', 'a ', '-a', 'a/b', 'a@1', 'a\n', 'a\u0000', 'ä', 'v'.repeat(129), 'a.'])(
    '%j is no secret name',
    (name) => {
      expect(codeOf(() => checkSecretName(name))).toBe('invalid-name');
    },
  );

  test('names that differ only in letter case, width or outer blanks are one name', () => {
    expect(nameKey(' DB-Password ')).toBe(nameKey('db-password'));
    expect(nameKey('ＤＢ')).toBe('db');
    expect(checkDisplayName('Prod KMS (eu)')).toBe('Prod KMS (eu)');
    expect(codeOf(() => checkDisplayName(' x'))).toBe('invalid-name');
    expect(codeOf(() => checkDisplayName('a\tb'))).toBe('invalid-name');
  });

  test('printing a reference gives back what was parsed', () => {
    const names = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,20}[a-z0-9]$/);
    const versions = fc.option(fc.integer({ min: 1, max: 999_999_999 }));
    fc.assert(
      fc.property(fc.oneof(names, fc.constant(SECRET_ID)), versions, (body, version) => {
        const text = version === null ? body : `${body}@${version}`;
        const reference = parseSecretReference(text);
        expect(reference.version).toBe(version);
        expect(reference.by).toBe(body === SECRET_ID ? 'id' : 'name');
        expect(printSecretReference(reference)).toBe(text);
      }),
    );
  });

  test.each(['a@0', 'a@', 'a@-1', 'a@1.5', 'a@01', 'a@1e3'])('%s names no version', (text) => {
    expect(codeOf(() => parseSecretReference(text))).toBe('invalid-request');
  });
});

describe('selectors', () => {
  test('letter case and blanks do not matter, and all asked for must be there', () => {
    expect(parseSelectors([' Prod-VPC ', 'prod-vpc', 'eu'])).toEqual(['prod-vpc', 'eu']);
    expect(missingSelectors(['prod-vpc', 'eu'], ['prod-vpc'])).toEqual(['eu']);
    expect(missingSelectors([], [])).toEqual([]);
    expect(codeOf(() => parseSelector('a b'))).toBe('invalid-selector');
    expect(codeOf(() => parseSelectors(Array.from({ length: 33 }, (_, i) => `s${i}`)))).toBe(
      'invalid-selector',
    );
  });

  test('name and host name are selectors of every delegate', () => {
    expect(implicitSelectors({ name: 'Prod-1', hostName: 'ip-10-0-0-7.eu-west-1.compute.internal' })).toEqual(
      ['prod-1', 'ip-10-0-0-7.eu-west-1.compute.internal'],
    );
    expect(implicitSelectors({ name: 'a b', hostName: '' })).toEqual([]);
  });
});

describe('encryption context', () => {
  test('it binds manager, secret and version and carries the fixed pairs', () => {
    const binding = {
      secretsManagerId: MANAGER_ID as SecretsManagerId,
      secretId: SECRET_ID as SecretId,
      version: 3,
    };
    expect(encryptionContextOf(binding, { stage: 'prod' })).toEqual({
      'sallyport:secrets-manager': MANAGER_ID,
      'sallyport:secret': SECRET_ID,
      'sallyport:version': '3',
      stage: 'prod',
    });
  });

  test('fixed pairs cannot replace the binding', () => {
    // Attack: a server sends a secrets manager whose fixed pairs name another secret.
    const binding = {
      secretsManagerId: MANAGER_ID as SecretsManagerId,
      secretId: SECRET_ID as SecretId,
      version: 3,
    };
    expect(encryptionContextOf(binding, { 'sallyport:version': '9' })['sallyport:version']).toBe('3');
  });

  test.each([
    [{ 'aws-crypto-public-key': 'x' }],
    [{ 'sallyport:version': '9' }],
    [{ Stage: 'prod' }],
    [{ stage: '' }],
    [{ stage: 'é' }],
    [Object.fromEntries(Array.from({ length: 9 }, (_, i) => [`k${i}`, 'v']))],
    [Object.fromEntries(Array.from({ length: 8 }, (_, i) => [`k${i}`, 'v'.repeat(256)]))],
  ])('%j is refused as fixed context', (fixed) => {
    expect(codeOf(() => checkFixedContext(fixed as Record<string, string>))).toBe(
      'invalid-encryption-context',
    );
  });
});

describe('settings of an AWS KMS secrets manager', () => {
  const good: Omit<AwsKmsSettings, 'pinnedKeyArn' | 'formerKeyArns'> = {
    kind: 'aws-kms',
    keyArn: 'arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab',
    region: 'eu-west-1',
    credentials: {
      type: 'sts-role',
      roleArn: 'arn:aws:iam::111122223333:role/sallyport',
      externalId: 'tenant-1',
      durationSeconds: 3600,
    },
    selectors: ['prod-vpc'],
    context: {},
    dataKeyCache: { maxAgeSeconds: 300, maxUses: 1000 },
  };

  test('good settings pass and give the parsed ARN', () => {
    expect(checkAwsKmsSettings(good).region).toBe('eu-west-1');
    const keys = { type: 'access-keys', accessKeyId: 'AKIAIOSFODNN7EXAMPLE' } as const;
    expect(checkAwsKmsSettings({ ...good, credentials: keys, selectors: [] }).type).toBe('key');
  });

  const sts = good.credentials as Extract<AwsKmsSettings['credentials'], { type: 'sts-role' }>;
  test.each([
    ['region-mismatch', { region: 'us-east-1' }],
    ['invalid-request', { selectors: [] }],
    ['invalid-request', { credentials: { type: 'iam-role' as const }, selectors: [] }],
    ['invalid-request', { credentials: { ...sts, durationSeconds: 899 } }],
    ['invalid-request', { credentials: { ...sts, durationSeconds: 43_201 } }],
    ['invalid-external-id', { credentials: { ...sts, externalId: 'a b' } }],
    ['invalid-role-arn', { credentials: { ...sts, roleArn: 'arn:aws-cn:iam::111122223333:role/x' } }],
    ['invalid-request', { credentials: { type: 'access-keys' as const, accessKeyId: '**************' } }],
    ['invalid-encryption-context', { context: { 'aws-crypto': 'x' } }],
    ['invalid-request', { dataKeyCache: { maxAgeSeconds: 3601, maxUses: 1 } }],
    ['invalid-request', { dataKeyCache: { maxAgeSeconds: 1, maxUses: 0 } }],
  ])('%s for %j', (code, change) => {
    expect(codeOf(() => checkAwsKmsSettings({ ...good, ...change }))).toBe(code);
  });
});

describe('plaintext', () => {
  test('it does not print, serialise or inspect, and wiping empties it', () => {
    const bytes = new TextEncoder().encode('correct horse');
    const plaintext = new Plaintext(bytes);
    const shown = [String(plaintext), JSON.stringify({ plaintext }), inspect({ plaintext })].join();
    expect(shown).not.toContain('horse');
    expect(plaintext.text()).toBe('correct horse');
    plaintext.wipe();
    expect(bytes.every((byte) => byte === 0)).toBe(true);
    expect(new Plaintext(new Uint8Array([0xff])).text()).toBeNull();
  });
});
