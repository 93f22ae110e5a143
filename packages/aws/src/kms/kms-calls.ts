// KMS in one region, called with one set of credentials: every call within one deadline, held back when AWS throttles, sent again
// once when the session has expired, and each failure classified. Plaintext that KMS returns is wiped as soon as it is a KeyObject.
import { createSecretKey } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { DecryptCommand, DescribeKeyCommand, GenerateDataKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import type { KeyMetadata } from '@aws-sdk/client-kms';
import { AppError } from '@sallyport/core';
import type { EncryptionContext } from '@sallyport/core';
import { DeadlineExceeded, withDeadline } from '../connection/deadline.ts';
import type { Connection } from '../connection/connection.ts';
import type { RequestPacer } from '../connection/request-pacer.ts';
import { ThrottleWatch, WATCH_LOCATION } from '../connection/throttle-watch.ts';
import type { ManagerCredentials } from '../credentials/manager-credentials.ts';
import { sendRenewing } from '../credentials/send-renewing.ts';
import { awsErrorFacts } from '../failure/aws-error.ts';
import type { KmsCall } from '../failure/aws-call.ts';
import { classifyAwsFailure } from '../failure/classify.ts';

const DATA_KEY_BYTES = 32;

/** One request: the key it is about, and what authenticates it. */
export type KmsRequest = { keyArn: string; context: EncryptionContext; signal: AbortSignal | null };

/** A data key as KMS made it. */
export type GeneratedDataKey = {
  key: KeyObject;
  ciphertext: Uint8Array;
  /** The key that answered; always a key ARN, also when an alias was asked. */
  keyArn: string;
};

/** What a dry run found: `permitted`, or that the endpoint does not do dry runs of this kind. */
export type DryRunOutcome = 'permitted' | 'not-supported';

export type KmsCallsOptions = {
  connection: Connection;
  region: string;
  credentials: ManagerCredentials;
  pacer: RequestPacer;
};

type Sending = { action: string; keyArn: string; contextKeys: readonly string[]; signal: AbortSignal | null };

/** The three KMS operations that the product uses. */
export class KmsCalls {
  readonly #options: KmsCallsOptions;
  readonly #client: KMSClient;
  readonly #watch = new ThrottleWatch();

  constructor(options: KmsCallsOptions) {
    this.#options = options;
    const { connection, region, credentials, pacer } = options;
    const { provider } = credentials.effective;
    this.#client = new KMSClient(connection.clientOptions('kms', { region, credentials: provider }));
    const maxWaitMs = connection.limits.callTimeoutMs;
    const watching = this.#watch.middleware({ pacer, maxWaitMs });
    this.#client.middlewareStack.addRelativeTo(watching, WATCH_LOCATION);
  }

  /**
   * A fresh 256-bit data key.
   * @throws {aws-unreachable} {aws-credentials} {assume-role-failed} {key-unusable} {access-denied} {aws-throttled} {aws-failed}
   */
  async generateDataKey(request: KmsRequest): Promise<GeneratedDataKey> {
    const answer = await this.#send(sendingOf('kms:GenerateDataKey', request), (abortSignal) =>
      this.#client.send(new GenerateDataKeyCommand(generateInput(request)), { abortSignal }),
    );
    const { Plaintext, CiphertextBlob, KeyId } = answer;
    const key = dataKeyOf(Plaintext, 'kms:GenerateDataKey');
    if (CiphertextBlob === undefined || CiphertextBlob.length === 0 || KeyId === undefined) {
      throw incomplete('kms:GenerateDataKey');
    }
    return { key, ciphertext: CiphertextBlob, keyArn: KeyId };
  }

  /**
   * Unwraps a data key with exactly the key that is given.
   * @returns the data key, and the ARN of the key that unwrapped it
   * @throws as `generateDataKey`, and {context-rejected} when it does not open with this context
   */
  async decrypt(
    request: KmsRequest & { ciphertext: Uint8Array },
  ): Promise<{ key: KeyObject; keyArn: string }> {
    const { keyArn, context, ciphertext } = request;
    const input = { KeyId: keyArn, CiphertextBlob: ciphertext, EncryptionContext: { ...context } };
    const answer = await this.#send(sendingOf('kms:Decrypt', request), (abortSignal) =>
      this.#client.send(new DecryptCommand(input), { abortSignal }),
    );
    const key = dataKeyOf(answer.Plaintext, 'kms:Decrypt');
    if (answer.KeyId === undefined) throw incomplete('kms:Decrypt');
    return { key, keyArn: answer.KeyId };
  }

  /** @throws as `generateDataKey` */
  async describeKey(request: { keyArn: string; signal: AbortSignal | null }): Promise<KeyMetadata> {
    const sending = { ...request, action: 'kms:DescribeKey', contextKeys: [] };
    const answer = await this.#send(sending, (abortSignal) =>
      this.#client.send(new DescribeKeyCommand({ KeyId: request.keyArn }), { abortSignal }),
    );
    if (answer.KeyMetadata === undefined) throw incomplete('kms:DescribeKey');
    return answer.KeyMetadata;
  }

  /**
   * Asks KMS whether GenerateDataKey would be allowed. An endpoint that ignores the question and returns a key allows it as well.
   * @throws as `generateDataKey`
   */
  async dryRunGenerateDataKey(request: KmsRequest): Promise<DryRunOutcome> {
    return this.#dryRun(sendingOf('kms:GenerateDataKey', request), async (abortSignal) => {
      const input = { ...generateInput(request), DryRun: true };
      const answer = await this.#client.send(new GenerateDataKeyCommand(input), { abortSignal });
      answer.Plaintext?.fill(0);
    });
  }

  /** Asks KMS whether Decrypt would be allowed, without a ciphertext. @throws as `generateDataKey` */
  async dryRunDecrypt(request: KmsRequest): Promise<DryRunOutcome> {
    const sending = sendingOf('kms:Decrypt', request);
    return this.#dryRun(sending, async (abortSignal) => {
      const EncryptionContext = { ...request.context };
      const input = { KeyId: request.keyArn, EncryptionContext, DryRun: true };
      await this.#client.send(
        new DecryptCommand({ ...input, CiphertextBlob: undefined, DryRunModifiers: ['IGNORE_CIPHERTEXT'] }),
        { abortSignal },
      );
    });
  }

  async #dryRun(sending: Sending, ask: (signal: AbortSignal) => Promise<void>): Promise<DryRunOutcome> {
    return this.#send(sending, async (abortSignal) => {
      try {
        await ask(abortSignal);
        return 'permitted';
      } catch (thrown) {
        const { name, statusCode } = awsErrorFacts(thrown);
        // A dry run that is permitted does not succeed: this error is its success.
        if (name === 'DryRunOperation') return 'permitted';
        // Endpoints that do not know the parameters stumble over the missing ciphertext, each in its own way.
        if (['Validation', 'ValidationError', 'InvalidCiphertext', 'UnsupportedOperation'].includes(name)) {
          return 'not-supported';
        }
        if (name === 'SyntaxError' && statusCode === 500) return 'not-supported';
        throw thrown;
      }
    });
  }

  async #send<T>(sending: Sending, send: (abortSignal: AbortSignal) => Promise<T>): Promise<T> {
    const { signal } = sending;
    const { connection, credentials } = this.#options;
    const deadlineMs = connection.limits.callTimeoutMs;
    let sent: AbortSignal | null = null;
    try {
      return await withDeadline({ signal, deadlineMs }, async (abortSignal) =>
        sendRenewing(credentials.effective, async () => {
          sent = abortSignal;
          return send(abortSignal);
        }),
      );
    } catch (thrown) {
      signal?.throwIfAborted();
      if (thrown instanceof DeadlineExceeded && sent === null) throw noCredentialsInTime(thrown);
      throw await this.#explain(this.#watch.causeOf(thrown, sent), sending);
    }
  }

  async #explain(thrown: unknown, sending: Sending): Promise<AppError> {
    const { connection, region, credentials } = this.#options;
    const { action, keyArn, contextKeys } = sending;
    const endpoint = connection.endpointOverride('kms');
    // Asked for only where the message names it: it can cost a call.
    const isDenied = awsErrorFacts(thrown).name === 'AccessDenied';
    const principalArn = isDenied ? await credentials.findPrincipalArn() : null;
    const call: KmsCall = { service: 'kms', action, region, endpoint, keyArn, principalArn, contextKeys };
    return classifyAwsFailure(thrown, call);
  }
}

function generateInput(request: KmsRequest) {
  return { KeyId: request.keyArn, KeySpec: 'AES_256', EncryptionContext: { ...request.context } } as const;
}

function sendingOf(action: string, request: KmsRequest): Sending {
  const { keyArn, context, signal } = request;
  return { action, keyArn, contextKeys: Object.keys(context), signal };
}

/** Wipes `plaintext`; copies that the HTTP client and the JSON parser made are out of reach until they are collected. */
function dataKeyOf(plaintext: Uint8Array | undefined, action: string): KeyObject {
  if (plaintext === undefined) throw incomplete(action);
  try {
    if (plaintext.length === DATA_KEY_BYTES) return createSecretKey(plaintext);
    throw new AppError('key-unusable', {
      publicMessage: `${action} returned a data key of ${plaintext.length} bytes instead of ${DATA_KEY_BYTES}.`,
      data: { stage: 'key', action },
    });
  } finally {
    plaintext.fill(0);
  }
}

/** An answer that is no error and yet lacks what was asked for: not from AWS, or cut off on the way. */
function incomplete(action: string): AppError {
  return new AppError('aws-failed', {
    publicMessage: `KMS gave an incomplete answer to ${action}.`,
    data: { stage: 'key', action },
  });
}

function noCredentialsInTime(cause: DeadlineExceeded): AppError {
  return new AppError('aws-credentials', {
    publicMessage: `The delegate got no AWS credentials within ${cause.deadlineMs / 1000} s.`,
    retryable: true,
    data: {
      stage: 'credentials',
      hint: "Check that the delegate's source of credentials and STS can be reached.",
    },
    cause,
  });
}
