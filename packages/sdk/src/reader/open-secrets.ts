// The reader of secrets for applications, put together. How a value comes about is in secrets-reader.ts.
import { AppError, isAppError } from '@sallyport/core';
import type { Client } from '../client/create-client.ts';
import { SecretsReader } from './secrets-reader.ts';
import type { GetOptions, SecretReading, SecretsOptions } from './secrets-reader.ts';
import { serverSource } from './secrets-source.ts';
import type { SecretsSource } from './secrets-source.ts';
import { watchSecret } from './watch-secret.ts';
import type { WatchOptions } from './watch-secret.ts';

export type Secrets = {
  /** A value as text. @throws {kind-mismatch} when it is not text, and what reading can fail with */
  get(reference: string, options?: GetOptions): Promise<string>;
  /** A value as bytes, a copy of one's own. At most 1 MiB; larger ones: `Client.download`. */
  getBytes(reference: string, options?: GetOptions): Promise<Uint8Array>;
  /** A value with its version and its age. */
  read(reference: string, options?: GetOptions): Promise<SecretReading>;
  /**
   * Several as text, in one call, under names of one's own.
   * @throws {AppError} with the code of the first that is missing, naming all that are
   */
  resolve<const R extends Readonly<Record<string, string>>>(
    references: R,
    options?: GetOptions,
  ): Promise<{ [Name in keyof R]: string }>;
  /** The value, and each new one as it comes. Ends by itself for a reference to one version. */
  watch(reference: string, options?: WatchOptions): AsyncGenerator<SecretReading, void>;
  /** Forgets a held value, or all of them. */
  forget(reference?: string): void;
  /** Overwrites what is held and closes idle connections. */
  close(): void;
};

/** A reader over a server or a local endpoint. */
export function openSecrets(source: Client | SecretsSource, options: SecretsOptions = {}): Secrets {
  const reader = new SecretsReader('resolveEach' in source ? serverSource(source) : source, options);
  const read: Secrets['read'] = async (reference, given = {}) => reader.read(reference, given);
  const get: Secrets['get'] = async (reference, given) => textOf(await read(reference, given));
  return {
    read,
    get,
    getBytes: async (reference, given) => (await read(reference, given)).value.bytes(),
    resolve: async (references, given) => resolveAll(references, async (reference) => read(reference, given)),
    watch: (reference, given = {}) => watchSecret(reader, { reference, options: given }),
    forget: (reference) => reader.forget(reference),
    close: () => reader.close(),
  };
}

function textOf({ reference, value }: SecretReading): string {
  const text = value.text();
  if (text !== null) return text;
  throw new AppError('kind-mismatch', {
    publicMessage: `The value of ${reference} is not text. Read it as bytes.`,
  });
}

async function resolveAll<const R extends Readonly<Record<string, string>>>(
  references: R,
  read: (reference: string) => Promise<SecretReading>,
): Promise<{ [Name in keyof R]: string }> {
  const names = Object.keys(references);
  const settled = await Promise.allSettled(
    Object.values(references).map(async (reference) => textOf(await read(reference))),
  );
  const failures = settled.flatMap((one, index) =>
    one.status === 'rejected' ? [{ name: names[index] ?? '', error: one.reason as unknown }] : [],
  );
  if (failures.length > 0) throw allOf(failures, references);
  const texts = settled.map((one) => (one.status === 'fulfilled' ? one.value : ''));
  return Object.fromEntries(names.map((name, index) => [name, texts[index]])) as {
    [Name in keyof R]: string;
  };
}

/** One error for all that are missing; a fault that is not ours is thrown as it is. */
function allOf(
  failures: readonly { name: string; error: unknown }[],
  references: Readonly<Record<string, string>>,
): unknown {
  const foreign = failures.find(({ error }) => !isAppError(error));
  const first = failures[0]?.error;
  if (foreign !== undefined) return foreign.error;
  if (!isAppError(first) || failures.length === 1) return first;
  const errors = failures.map(({ name, error }) => ({ name, error: error as AppError }));
  const named = errors.map(({ name, error }) => `${name}, ${references[name]} (${error.code})`).join('; ');
  return new AppError(first.code, {
    publicMessage: `${failures.length} secrets could not be read: ${named}.`,
    retryable: errors.every(({ error }) => error.retryable),
    data: {
      ...first.data,
      failures: errors.map(({ name, error }) => ({ name, code: error.code, message: error.publicMessage })),
    },
    cause: first,
  });
}
