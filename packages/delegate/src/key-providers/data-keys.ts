// Data keys for the tasks: fresh ones for writing, unwrapped ones for reading. The one place where guard, settings, cache and key
// provider meet, so that no task can reach a key around the guard.
import type { KeyObject } from 'node:crypto';
import { encryptionContextOf, isAppError } from '@sallyport/core';
import type { DataKey, EncryptionContext, EnvelopeBinding } from '@sallyport/core';
import { cacheKeyOf } from '../data-key-cache/cache-key.ts';
import type { DataKeyCache } from '../data-key-cache/data-key-cache.ts';
import type { Guard } from '../guard/guard.ts';
import type { ConfiguredManager, ConfiguredManagers } from './configured-managers.ts';

/** Provider id of data keys that KMS wrapped; their provider info is the key's ARN (AWS Encryption SDK specification). */
const AWS_KMS_PROVIDER_ID = 'aws-kms';

/** An envelope to be opened: what it must be bound to, and under which settings its data key is unwrapped. */
export type OpeningPlan = { manager: ConfiguredManager; context: EncryptionContext };

/** The wrapped data keys of an envelope, found to be allowed, with the name under which the cache has them. */
export type WrappedDataKey = { encrypted: readonly DataKey['encrypted'][]; cacheKey: string };

/** Makes and unwraps data keys. */
export class DataKeys {
  readonly #managers: ConfiguredManagers;
  readonly #cache: DataKeyCache;
  readonly #guard: Guard;

  constructor(parts: { managers: ConfiguredManagers; cache: DataKeyCache; guard: Guard }) {
    this.#managers = parts.managers;
    this.#cache = parts.cache;
    this.#guard = parts.guard;
  }

  /**
   * A fresh data key for one new secret version, and the context that its envelope is bound to.
   * @throws {delegate-not-eligible} {delegate-refused}, and what `KeyProvider.generateDataKey` throws
   */
  async make(
    binding: EnvelopeBinding,
    signal: AbortSignal,
  ): Promise<{ dataKey: DataKey; context: EncryptionContext }> {
    const { manager, context } = this.#plan(binding);
    const dataKey = await this.#calling(manager, () =>
      this.#managers.withProvider(manager, (provider) => provider.generateDataKey({ context, signal })),
    );
    return { dataKey, context };
  }

  /**
   * What the envelope of one secret version must be bound to. Counts as one opened value against the guard file's budget.
   * @throws {delegate-not-eligible} {delegate-refused}
   */
  planOpening(binding: EnvelopeBinding): OpeningPlan {
    const plan = this.#plan(binding);
    this.#guard.countDecrypt();
    return plan;
  }

  /** Whether a plan still stands: the settings are what they were. @throws {delegate-not-eligible} when there are none any more */
  isCurrent(plan: OpeningPlan): boolean {
    return this.#managers.require(plan.manager.secretsManagerId) === plan.manager;
  }

  /**
   * The data key of an envelope, from the cache or from the key service.
   * @throws {delegate-refused}, and what `KeyProvider.unwrapDataKey` throws
   */
  async open(
    plan: OpeningPlan,
    encrypted: readonly DataKey['encrypted'][],
    signal: AbortSignal,
  ): Promise<KeyObject> {
    return this.openWrapped(plan, this.wrappedOf(plan, encrypted), signal);
  }

  /** @throws {delegate-refused} as `requireAllowedKeys` */
  wrappedOf(plan: OpeningPlan, encrypted: readonly DataKey['encrypted'][]): WrappedDataKey {
    this.requireAllowedKeys(encrypted);
    const { secretsManagerId, revision } = plan.manager;
    const { context } = plan;
    return { encrypted, cacheKey: cacheKeyOf({ secretsManagerId, revision, encrypted, context }) };
  }

  /** The data key if the cache has it; counts as a use of it. */
  cached(plan: OpeningPlan, wrapped: WrappedDataKey): KeyObject | null {
    return this.#cache.take(wrapped.cacheKey, plan.manager.access.settings.dataKeyCache);
  }

  /** As `open`. @throws what `KeyProvider.unwrapDataKey` throws */
  async openWrapped(plan: OpeningPlan, wrapped: WrappedDataKey, signal: AbortSignal): Promise<KeyObject> {
    const { manager, context } = plan;
    const { encrypted, cacheKey } = wrapped;
    return this.#cache.use({
      secretsManagerId: manager.secretsManagerId,
      cacheKey,
      policy: manager.access.settings.dataKeyCache,
      signal,
      unwrap: (signal) =>
        this.#calling(manager, () =>
          this.#managers.withProvider(manager, (provider) =>
            provider.unwrapDataKey({ encrypted, context, signal }),
          ),
        ),
    });
  }

  /** @throws {delegate-refused} when one of the data keys is wrapped by a KMS key that the guard file does not allow */
  requireAllowedKeys(encrypted: readonly DataKey['encrypted'][]): void {
    for (const { providerId, providerInfo } of encrypted) {
      if (providerId === AWS_KMS_PROVIDER_ID) this.#guard.requireKeyArn(Buffer.from(providerInfo).toString());
    }
  }

  #plan(binding: EnvelopeBinding): OpeningPlan {
    const manager = this.#managers.require(binding.secretsManagerId);
    const { settings } = manager.access;
    this.#guard.requireSettings(settings);
    return { manager, context: encryptionContextOf(binding, settings.context) };
  }

  /** Runs a call to the key service; when that has withdrawn access, what it released before is forgotten at once. */
  async #calling<T>(manager: ConfiguredManager, call: () => Promise<T>): Promise<T> {
    try {
      return await call();
    } catch (thrown) {
      if (isAccessWithdrawn(thrown)) this.#cache.flush(manager.secretsManagerId);
      throw thrown;
    }
  }
}

/** Whether an error means that the key service no longer lets us use the key, for good as far as we know. */
export function isAccessWithdrawn(thrown: unknown): boolean {
  return (
    isAppError(thrown, 'access-denied') ||
    isAppError(thrown, 'key-unusable') ||
    isAppError(thrown, 'assume-role-failed')
  );
}
