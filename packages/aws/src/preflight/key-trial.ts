// What the steps of a preflight that are about the key work with.
import type { EncryptionContext } from '@sallyport/core';
import type { KmsCalls } from '../kms/kms-calls.ts';

/** What is tried on the key. */
export type KeyTrial = {
  calls: KmsCalls;
  /** A key or an alias. */
  keyArn: string;
  context: EncryptionContext;
  /** The fixed pairs in `context`. */
  fixedContext: EncryptionContext;
  signal: AbortSignal;
};
