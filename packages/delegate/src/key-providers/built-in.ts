// Key providers of built-in secrets managers: data keys wrapped by the key ring in the delegate's data folder. For trying the
// product without an AWS account; the key ring is as safe as that folder.
import { createSecretKey, randomBytes } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { AppError, encryptionContextOf, ID_RANDOM_BYTES, makeId } from '@sallyport/core';
import type { DataKey, EncryptionContext, KeyProvider } from '@sallyport/core';
import { AEAD_KEY_BYTES } from '@sallyport/core/aead';
import { unwrapRawAesDataKey, wrapRawAesDataKey } from '@sallyport/core/envelope';
import { toWireError } from '@sallyport/protocol';
import type { PreflightReport } from '@sallyport/protocol';
import type { DataFolder } from '../data-folder/data-folder.ts';
import type { Time } from '../time/time.ts';
import type { KeyProviderSource, PreflightUse } from './key-provider-source.ts';
import { readKeyRing, readOrMakeKeyRing } from './key-ring.ts';
import type { KeyRing } from './key-ring.ts';

/** Provider id of data keys wrapped by a key ring, as envelopes carry it. */
export const BUILT_IN_PROVIDER_ID = 'sallyport-built-in';

/** Makes key providers that all use the key ring of one data folder. */
export class BuiltInKeys implements KeyProviderSource {
  readonly #folder: DataFolder;
  readonly #time: Time;
  #ring: KeyRing | null = null;

  constructor(options: { folder: DataFolder; time: Time }) {
    this.#folder = options.folder;
    this.#time = options.time;
  }

  async open(): Promise<KeyProvider> {
    return {
      generateDataKey: async (request) => {
        request.signal.throwIfAborted();
        return generateDataKey(await this.#makeRing(), request.context);
      },
      unwrapDataKey: async (request) => {
        request.signal.throwIfAborted();
        return unwrapDataKey(await this.#readRing(), request);
      },
      close: () => undefined,
    };
  }

  /** A round trip with a context of its own. */
  async preflight(use: PreflightUse): Promise<PreflightReport> {
    const startMs = this.#time.monotonicMs();
    const report = { identityArn: null, pinnedKeyArn: null, warnings: [] };
    const stage = { stage: 'key' as const, action: 'wrap and unwrap a data key with the key ring' };
    use.onStep({ ...stage, outcome: 'running', elapsedMs: 0 });
    try {
      await this.#roundTrip(use);
      const elapsedMs = this.#time.monotonicMs() - startMs;
      return { ...report, ok: true, stages: [{ ...stage, outcome: 'passed', elapsedMs }] };
    } catch (thrown) {
      use.signal.throwIfAborted();
      const elapsedMs = this.#time.monotonicMs() - startMs;
      const failed = { ...stage, outcome: 'failed' as const, elapsedMs, error: toWireError(thrown) };
      return { ...report, ok: false, stages: [failed] };
    }
  }

  close(): void {
    this.#ring = null;
  }

  async #roundTrip(use: PreflightUse): Promise<void> {
    const secretId = makeId('secret', { nowMs: this.#time.nowMs(), random: randomBytes(ID_RANDOM_BYTES) });
    const binding = { secretsManagerId: use.secretsManagerId, secretId, version: 0 };
    const context = encryptionContextOf(binding, use.access.settings.context);
    const provider = await this.open();
    const { key, encrypted } = await provider.generateDataKey({ context, signal: use.signal });
    const unwrapped = await provider.unwrapDataKey({ encrypted: [encrypted], context, signal: use.signal });
    if (unwrapped.equals(key)) return;
    throw new AppError('key-unusable', {
      publicMessage: 'The key ring gave back another data key.',
      data: { stage: 'key' },
    });
  }

  /** The ring once read is kept; one that is missing is looked for again. */
  async #readRing(): Promise<KeyRing | null> {
    this.#ring ??= await readKeyRing(this.#folder);
    return this.#ring;
  }

  async #makeRing(): Promise<KeyRing> {
    this.#ring ??= await readOrMakeKeyRing(this.#folder);
    return this.#ring;
  }
}

function generateDataKey(ring: KeyRing, context: EncryptionContext): DataKey {
  const bytes = randomBytes(AEAD_KEY_BYTES);
  const key = createSecretKey(bytes);
  bytes.fill(0);
  return { key, encrypted: wrapRawAesDataKey(wrappingKeyOf(ring.current, context), key) };
}

function unwrapDataKey(
  ring: KeyRing | null,
  request: Parameters<KeyProvider['unwrapDataKey']>[0],
): KeyObject {
  for (const encrypted of request.encrypted) {
    if (encrypted.providerId !== BUILT_IN_PROVIDER_ID) continue;
    for (const [id, key] of ring?.keys ?? []) {
      const dataKey = unwrapRawAesDataKey(wrappingKeyOf({ id, key }, request.context), encrypted);
      if (dataKey !== null) return dataKey;
    }
  }
  throw new AppError('envelope-rejected', {
    publicMessage:
      'The envelope does not open: its data key was not wrapped by a key in the key ring of this delegate.',
    data: {
      hint: 'Built-in secrets open only with the key ring of the delegate that wrote them. Restore that key-ring.json, or read through that delegate.',
    },
  });
}

function wrappingKeyOf(
  ringKey: { id: string; key: KeyObject },
  context: EncryptionContext,
): Parameters<typeof wrapRawAesDataKey>[0] {
  return {
    namespace: BUILT_IN_PROVIDER_ID,
    name: ringKey.id,
    wrappingKey: ringKey.key,
    encryptionContext: context,
  };
}
