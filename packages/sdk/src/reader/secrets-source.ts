// Where a reader of secrets gets values from: a server, through a delegate and sealed, or a delegate's local endpoint.
import { isAppError } from '@sallyport/core';
import type { Client } from '../client/create-client.ts';
import type { ReadOutcome } from '../secrets/resolve-secrets.ts';

/** The port to values. */
export type SecretsSource = {
  /**
   * Reads these in as few calls as possible; outcomes in their order.
   * @throws what concerns all of them, e.g. {unreachable} {unauthenticated}
   */
  read(references: readonly string[]): Promise<ReadOutcome[]>;
  /**
   * The newest version, without reading the value; null when that cannot be told. Left out: the source cannot tell of any.
   * @throws what asking can fail with
   */
  newestVersion?(reference: string): Promise<number | null>;
  /** Closes idle connections. */
  close(): void;
};

/** A server as source. */
export function serverSource(client: Client): SecretsSource {
  return {
    read: async (references) => client.resolveEach(references),
    newestVersion: async (reference) => {
      try {
        return (await client.describe(reference)).secret.version;
      } catch (error) {
        // Whoever may use a value need not be allowed to look at what is known of it.
        if (isAppError(error, 'not-found') || isAppError(error, 'forbidden')) return null;
        throw error;
      }
    },
    close: () => client.close(),
  };
}
