// The key provider of `aws-kms` secrets managers: data keys made and unwrapped by the pinned KMS key, with the encryption context on
// both sides, and the key that answers compared with the key that was asked. No caching.
import type { KeyObject } from 'node:crypto';
import { AppError, isAppError, parseKeyArn } from '@sallyport/core';
import type { AwsKmsSettings, DataKey, EncryptionContext, KeyProvider } from '@sallyport/core';
import { AWS_KMS_PROVIDER_ID, chooseKey, envelopeRejected } from './key-choice.ts';
import type { KmsCalls } from './kms-calls.ts';

export type AwsKmsKeyProviderOptions = {
  settings: Pick<AwsKmsSettings, 'pinnedKeyArn' | 'formerKeyArns'>;
  /** KMS in a region; former keys may be in others than the pinned one. */
  callsIn: (region: string) => KmsCalls;
  onClose: () => void;
};

/** Data keys of one secrets manager. */
export class AwsKmsKeyProvider implements KeyProvider {
  readonly #options: AwsKmsKeyProviderOptions;
  readonly #region: string;
  #isClosed = false;

  /** @throws {invalid-key-arn} when the pinned ARN is an alias: what it points to could change under stored secrets */
  constructor(options: AwsKmsKeyProviderOptions) {
    const pinned = parseKeyArn(options.settings.pinnedKeyArn);
    if (pinned.type !== 'key') {
      throw new AppError('invalid-key-arn', {
        publicMessage: `The alias ${pinned.text} has not been resolved to a key yet; test the secrets manager first.`,
      });
    }
    this.#options = options;
    this.#region = pinned.region;
  }

  async generateDataKey(request: { context: EncryptionContext; signal: AbortSignal }): Promise<DataKey> {
    const { pinnedKeyArn } = this.#options.settings;
    const calls = this.#callsIn(this.#region);
    const { key, ciphertext, keyArn } = await calls.generateDataKey({ keyArn: pinnedKeyArn, ...request });
    if (keyArn !== pinnedKeyArn) throw otherKeyAnswered({ asked: pinnedKeyArn, answered: keyArn });
    const providerInfo = Buffer.from(keyArn);
    return { key, encrypted: { providerId: AWS_KMS_PROVIDER_ID, providerInfo, ciphertext } };
  }

  async unwrapDataKey(request: {
    encrypted: readonly DataKey['encrypted'][];
    context: EncryptionContext;
    signal: AbortSignal;
  }): Promise<KeyObject> {
    const { context, signal } = request;
    const choice = chooseKey(request.encrypted, this.#options.settings);
    if (choice === null) throw envelopeRejected('no data key was wrapped by a key of the secrets manager');
    const { keyArn, ciphertext } = choice;
    const calls = this.#callsIn(choice.region);
    const opened = await decryptOrReject(calls, { keyArn, ciphertext, context, signal });
    if (opened.keyArn !== keyArn) throw otherKeyAnswered({ asked: keyArn, answered: opened.keyArn });
    return opened.key;
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#options.onClose();
  }

  #callsIn(region: string): KmsCalls {
    if (this.#isClosed) {
      throw new AppError('shutting-down', { publicMessage: 'The key provider is closed.' });
    }
    return this.#options.callsIn(region);
  }
}

/** Whether it is the context, the ciphertext or the key that does not match is nothing a caller may learn. */
async function decryptOrReject(calls: KmsCalls, request: Parameters<KmsCalls['decrypt']>[0]) {
  try {
    return await calls.decrypt(request);
  } catch (thrown) {
    if (isAppError(thrown, 'context-rejected')) throw envelopeRejected('KMS: invalid ciphertext', thrown);
    if (isAppError(thrown) && thrown.data.awsCode === 'IncorrectKeyException') {
      throw envelopeRejected('KMS: incorrect key', thrown);
    }
    throw thrown;
  }
}

function otherKeyAnswered(keys: { asked: string; answered: string }): AppError {
  return new AppError('key-unusable', {
    publicMessage: `KMS was asked for the key ${keys.asked}, but another key answered: ${keys.answered.slice(0, 256)}.`,
    data: {
      stage: 'key',
      keyArn: keys.asked,
      hint: 'Nothing was stored or opened. Look for an endpoint override or a proxy that sends KMS requests elsewhere.',
    },
  });
}
