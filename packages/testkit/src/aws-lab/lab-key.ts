// What a KMS key can be: states, specs, usages, origins, and how a key looks to the lab's users. Storing keys is in key-store.ts.
import type { PolicyDocument } from './policy-document.ts';

/** Region of everything that is made without naming one. */
export const DEFAULT_REGION = 'eu-west-1';

export const KEY_STATES = [
  'Enabled',
  'Disabled',
  'PendingDeletion',
  'PendingReplicaDeletion',
  'PendingImport',
  'Unavailable',
  'Creating',
  'Updating',
] as const;
export type KeyState = (typeof KEY_STATES)[number];

/** Key specs and the usages that AWS lets each have, the default first. */
export const KEY_USAGES = {
  SYMMETRIC_DEFAULT: ['ENCRYPT_DECRYPT'],
  RSA_2048: ['ENCRYPT_DECRYPT', 'SIGN_VERIFY'],
  RSA_3072: ['ENCRYPT_DECRYPT', 'SIGN_VERIFY'],
  RSA_4096: ['ENCRYPT_DECRYPT', 'SIGN_VERIFY'],
  ECC_NIST_P256: ['SIGN_VERIFY', 'KEY_AGREEMENT'],
  ECC_NIST_P384: ['SIGN_VERIFY', 'KEY_AGREEMENT'],
  ECC_NIST_P521: ['SIGN_VERIFY', 'KEY_AGREEMENT'],
  ECC_NIST_EDWARDS25519: ['SIGN_VERIFY'],
  ECC_SECG_P256K1: ['SIGN_VERIFY'],
  ML_DSA_44: ['SIGN_VERIFY'],
  ML_DSA_65: ['SIGN_VERIFY'],
  ML_DSA_87: ['SIGN_VERIFY'],
  HMAC_224: ['GENERATE_VERIFY_MAC'],
  HMAC_256: ['GENERATE_VERIFY_MAC'],
  HMAC_384: ['GENERATE_VERIFY_MAC'],
  HMAC_512: ['GENERATE_VERIFY_MAC'],
} as const satisfies Record<string, readonly [string, ...string[]]>;
export type KeySpec = keyof typeof KEY_USAGES;
export type KeyUsage = 'ENCRYPT_DECRYPT' | 'SIGN_VERIFY' | 'KEY_AGREEMENT' | 'GENERATE_VERIFY_MAC';
export type KeyOrigin = 'AWS_KMS' | 'EXTERNAL' | 'AWS_CLOUDHSM' | 'EXTERNAL_KEY_STORE';

/** A key as the lab's users see it. */
export type LabKey = {
  arn: string;
  keyId: string;
  accountId: string;
  region: string;
  spec: KeySpec;
  usage: KeyUsage;
  origin: KeyOrigin;
  /** `null` for a single-region key. */
  multiRegion: 'PRIMARY' | 'REPLICA' | null;
  state: KeyState;
  description: string;
  createdAtMs: number;
  /** When a key that is pending deletion goes; `null` otherwise. */
  deletionAtMs: number | null;
};

export type KeyOptions = {
  region?: string;
  accountId?: string;
  /** `SYMMETRIC_DEFAULT` unless given. */
  spec?: KeySpec;
  usage?: KeyUsage;
  origin?: KeyOrigin;
  multiRegion?: boolean;
  /** `Enabled` unless given; `PendingImport` for a key of origin EXTERNAL. */
  state?: KeyState;
  /** AWS's default key policy unless given: the account's root may do everything, which delegates to IAM policies. */
  policy?: PolicyDocument;
  /** A fixed id instead of a random one. */
  keyId?: string;
  description?: string;
};
