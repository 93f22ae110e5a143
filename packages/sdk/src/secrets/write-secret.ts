// Stores one text value: sealed for a delegate, which encrypts it under the secrets manager's key. Files go through upload-secret.ts.
import { AppError, isAppError, parseSecretReference, TEXT_MAX_BYTES } from '@sallyport/core';
import type { SecretId, SecretKind, SecretsManagerId } from '@sallyport/core';
import { encodeContent } from '@sallyport/protocol/client';
import type { Availability, DelegateOffer, SealedWriteContent, UsageScopeInput } from '@sallyport/protocol';
import { newRequestId } from '../client/wiring.ts';
import type { Wiring } from '../client/wiring.ts';
import { delay, withFailOver } from '../delegates/fail-over.ts';
import type { SentBytes } from '../http/transport.ts';
import { checkWriteAnswer } from './check-answer.ts';

export type WriteOptions = {
  /** Id or name; left out: the one that the secret has, or the default for a new secret. */
  secretsManager?: string | undefined;
  /** Of a new secret; left out: the place in its address, else that of the secrets manager. Not for one that exists. */
  scope?: UsageScopeInput | undefined;
  /** Of a new secret; left out: each read asks the server. Not for one that exists. */
  availability?: Availability | undefined;
  /** Newest version as the caller knows it; 0: the secret must not exist yet; left out: whatever it is. */
  expectedVersion?: number | undefined;
  /** Ends the call. It may have been carried out all the same. */
  signal?: AbortSignal | undefined;
  /** Of a file: told how much of what is sent has gone out. It is sealed, and so a little longer than the file; with another delegate it begins anew. */
  onSent?: ((sent: SentBytes) => void) | undefined;
};

/** What was stored, as the delegate says under its seal. */
export type WrittenVersion = {
  secretId: SecretId;
  name: string;
  kind: SecretKind;
  version: number;
  secretsManagerId: SecretsManagerId;
  valueBytes: number;
};

/** How often a write that lost a race is tried again. */
const CONFLICT_RETRIES = 5;
const CONFLICT_PAUSE_MS = 20;

/**
 * Stores a new version of a text secret, or a new text secret.
 * @throws {empty-value} {value-too-large} {invalid-request} before anything is sent
 */
export async function writeSecret(
  wiring: Wiring,
  given: { name: string; value: Uint8Array },
  options: WriteOptions,
): Promise<WrittenVersion> {
  const { value } = given;
  if (value.length === 0) throw emptyValue();
  if (value.length > TEXT_MAX_BYTES) throw tooLarge(value.length);
  return withConflictRetries(() => writeOnce(wiring, given, options), { options, mayRetry: () => true });
}

async function writeOnce(
  wiring: Wiring,
  { name, value }: { name: string; value: Uint8Array },
  options: WriteOptions,
): Promise<WrittenVersion> {
  const content = writeContentOf({ name, kind: 'text', valueBytes: value.length, options });
  const { secret, secretsManager } = content;
  const expectedVersion = options.expectedVersion ?? null;
  const scope = options.scope ?? null;
  const sealed = encodeContent(content, [value]);
  const written = await withFailOver(
    wiring.pool,
    {
      offers: ({ signal }) => offersToWrite(wiring, { content, scope }, signal),
      attempt: async ({ session, delegate }, signal) => {
        const requestId = newRequestId(wiring);
        const exchange = await session.sealRequest({ requestId, operation: 'write' }, sealed);
        const { delegateId } = delegate;
        const answer = await wiring.call('writeSecret', {
          body: {
            requestId,
            delegateId,
            secret,
            secretsManager,
            expectedVersion,
            scope,
            availability: options.availability ?? null,
            sealed: exchange.sealed,
          },
          ...(signal === null ? {} : { signal }),
        });
        const asked = { content, valueBytes: value.length, expectedVersion };
        return checkWriteAnswer(await exchange.openAnswer(answer.answer), asked, answer.secret);
      },
      repeatable: () => true,
      // Repeated after it was carried out, a write with an expected version would report a conflict with itself.
      onlyOnce: expectedVersion !== null,
      signal: options.signal ?? null,
    },
    wiring.limits,
  );
  return written ?? unanswered();
}

/** The clear and sealed part of a write: what is asked for. @throws {invalid-request} when a version is given */
export function writeContentOf(given: {
  name: string;
  kind: SecretKind;
  valueBytes: number | null;
  options: WriteOptions;
}): SealedWriteContent {
  const { name, kind, valueBytes, options } = given;
  const reference = parseSecretReference(name);
  if (reference.version !== null) {
    throw new AppError('invalid-request', {
      publicMessage: 'A write names no version: it always makes a new one.',
    });
  }
  return { secret: name, kind, secretsManager: options.secretsManager ?? null, valueBytes };
}

/** Delegates that could encrypt a value for this secret. */
export async function offersToWrite(
  wiring: Wiring,
  intent: { content: SealedWriteContent; scope: UsageScopeInput | null },
  signal: AbortSignal | null,
): Promise<readonly DelegateOffer[]> {
  const { secret, secretsManager } = intent.content;
  const answer = await wiring.call('offersToWrite', {
    body: { secret, secretsManager, scope: intent.scope },
    ...(signal === null ? {} : { signal }),
  });
  return answer.delegates;
}

/** Writes that name no version do not mind who else writes: they only lost a race and go on after it. */
export async function withConflictRetries<T>(
  write: () => Promise<T>,
  { options, mayRetry }: { options: WriteOptions; mayRetry: () => boolean },
): Promise<T> {
  for (let retry = 0; ; retry++) {
    try {
      return await write();
    } catch (error) {
      const lostRace = isAppError(error, 'edit-conflict') && options.expectedVersion === undefined;
      if (!lostRace || retry === CONFLICT_RETRIES || !mayRetry()) throw error;
      await delay(CONFLICT_PAUSE_MS * 2 ** retry * Math.random(), options.signal ?? null);
    }
  }
}

/** The error for a value without bytes. */
export function emptyValue(): AppError {
  return new AppError('empty-value', {
    publicMessage: 'The value is empty. A secret has at least one byte.',
  });
}

/** For work that always has something to do. @throws {internal} */
export function unanswered(): never {
  throw new AppError('internal', { publicMessage: 'The client ended a call without an answer.' });
}

function tooLarge(valueBytes: number): AppError {
  return new AppError('value-too-large', {
    publicMessage: `The value has ${valueBytes} bytes; a text secret has at most ${TEXT_MAX_BYTES}. Store it as a file.`,
    data: { valueBytes, maxBytes: TEXT_MAX_BYTES },
  });
}
