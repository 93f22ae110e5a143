// Opens the envelope of one secret version in memory: the place against the guard file, the context against what the version must be
// bound to, then the data key, then the envelope. Once, for a task; or again and again, for a version that programs read often.
import type { KeyObject } from 'node:crypto';
import { AppError } from '@sallyport/core';
import type { EncryptionContext, EnvelopeBinding } from '@sallyport/core';
import { decryptEnvelope, parseEnvelopeHeader } from '@sallyport/core/envelope';
import type { TaskPlace } from '@sallyport/protocol';
import type { Guard } from '../guard/guard.ts';
import type { DataKeys, OpeningPlan, WrappedDataKey } from '../key-providers/data-keys.ts';

/** A version, and where it is to be used. */
export type Version = EnvelopeBinding & { place: TaskPlace | null };

/** What opening goes through. */
export type OpeningParts = { keys: DataKeys; guard: Guard };

/**
 * @throws {delegate-refused} {delegate-not-eligible} {envelope-rejected}, what `KeyProvider.unwrapDataKey` throws, or the signal's reason
 */
export async function openVersion(
  version: Version,
  envelope: Buffer,
  parts: OpeningParts & { signal: AbortSignal },
): Promise<Buffer> {
  const repeated = new RepeatedVersion(version, envelope, parts);
  return repeated.open(() => parts.signal);
}

/** A version that is opened often: what is the same each time is worked out once. Every opening is judged and counted all the same. */
export class RepeatedVersion {
  readonly #version: Version;
  readonly #envelope: Buffer;
  readonly #parts: OpeningParts;
  #prepared: { plan: OpeningPlan; wrapped: WrappedDataKey } | null = null;

  constructor(version: Version, envelope: Buffer, parts: OpeningParts) {
    this.#version = version;
    this.#envelope = envelope;
    this.#parts = parts;
  }

  /** `signal` is asked for only when the key service has to be. Throws as `openVersion`. */
  async open(signal: () => AbortSignal): Promise<Buffer> {
    const { plan, wrapped } = this.#prepare();
    const dataKey = this.#parts.keys.cached(plan, wrapped);
    if (dataKey !== null) return this.#decrypt(dataKey, plan);
    return this.#decrypt(await this.#parts.keys.openWrapped(plan, wrapped, signal()), plan);
  }

  /** Judges this opening. */
  #prepare(): { plan: OpeningPlan; wrapped: WrappedDataKey } {
    const { keys, guard } = this.#parts;
    guard.requirePlace(this.#version.place);
    const before = this.#prepared;
    if (before !== null && keys.isCurrent(before.plan)) {
      guard.countDecrypt();
      return before;
    }
    const header = parseEnvelopeHeader(this.#envelope);
    const plan = keys.planOpening(this.#version);
    // Before the key service is asked: an envelope of another secret, version or manager gets no data key.
    if (!isSameContext(header.encryptionContext, plan.context)) throw wrongEnvelope();
    this.#prepared = { plan, wrapped: keys.wrappedOf(plan, header.encryptedDataKeys) };
    return this.#prepared;
  }

  #decrypt(dataKey: KeyObject, plan: OpeningPlan): Buffer {
    return decryptEnvelope({ dataKey, expectedContext: plan.context }, this.#envelope);
  }
}

/** Whether two contexts have the same pairs, in any order. */
function isSameContext(a: EncryptionContext, b: EncryptionContext): boolean {
  const pairs = Object.entries(a);
  return (
    pairs.length === Object.keys(b).length &&
    pairs.every(([key, value]) => Object.hasOwn(b, key) && b[key] === value)
  );
}

function wrongEnvelope(): AppError {
  return new AppError('envelope-rejected', {
    publicMessage:
      'The envelope does not open: it is damaged, or it belongs to another secret, version or secrets manager.',
    message: 'envelope rejected: its context is not that of the secret version asked for',
  });
}
