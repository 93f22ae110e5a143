// Collects wrapped data keys of a secrets manager's secret versions, so that new settings can be tried on what is already stored.
import { encryptionContextOf } from '@sallyport/core';
import type { TaskOf } from '@sallyport/protocol';
import { readEnvelopeHeader, readVersions } from '../secrets/envelope-header.ts';
import type { FoundSecret, SecretListQuery } from '../secrets/secret-store.ts';
import type { Store } from '../storage/store.ts';
import { nameKey } from '@sallyport/core';
import type { SecretsManagerRow } from './secrets-manager-store.ts';

export type DataKeySample = TaskOf<'open-data-keys'>['samples'][number];

/** As many as one task takes. */
export const SAMPLES_MAX = 1000;
const PAGE = 200;

/** One sample for each distinct wrapped data key, of at most `SAMPLES_MAX` versions. */
export async function collectDataKeySamples(
  store: Store,
  manager: SecretsManagerRow,
): Promise<DataKeySample[]> {
  const samples = new Map<string, DataKeySample>();
  for await (const secret of allSecrets(store)) {
    const address = { id: secret.secret.id, newest: secret.newestVersion };
    for (const { secretId, version, secretsManagerId } of await readVersions(store, address, SAMPLES_MAX)) {
      if (secretsManagerId !== manager.id) continue;
      const header = await readEnvelopeHeader(store, { secretId, version });
      if (header === null) continue;
      const encrypted = header.encryptedDataKeys.map((key) => ({
        providerId: key.providerId,
        providerInfo: Buffer.from(key.providerInfo).toString('base64'),
        ciphertext: Buffer.from(key.ciphertext).toString('base64'),
      }));
      // Computed, not taken from the header: what was stored must not decide what is expected.
      const context = encryptionContextOf({ secretsManagerId, secretId, version }, manager.settings.context);
      samples.set(JSON.stringify([context, encrypted]), { context: { ...context }, encrypted });
      if (samples.size >= SAMPLES_MAX) return [...samples.values()];
    }
  }
  return [...samples.values()];
}

async function* allSecrets(store: Store): AsyncGenerator<FoundSecret> {
  let after: SecretListQuery['after'] = null;
  for (;;) {
    const query: SecretListQuery = {
      after,
      search: null,
      kind: null,
      secretsManagerId: null,
      scopes: null,
      limit: PAGE,
    };
    const page = await store.read(async ({ secrets }) => secrets.list(query));
    yield* page;
    const last = page.at(-1);
    if (last === undefined || page.length < PAGE) return;
    after = { nameKey: nameKey(last.secret.name), id: last.secret.id };
  }
}
