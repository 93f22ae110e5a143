// The secrets managers that the server has told this delegate about, each with its settings and, from the first use on, its key
// provider. A provider that is replaced while calls are under way is closed after the last of them.
import { isDeepStrictEqual } from 'node:util';
import { AppError, isAppError } from '@sallyport/core';
import type { KeyProvider, SecretsManagerId, SecretsManagerKind } from '@sallyport/core';
import type { SecretsManagerAccess } from '@sallyport/protocol';
import { checkAccess } from './check-access.ts';
import type { KeyProviderSource, SecretsManagerUse } from './key-provider-source.ts';

/** A secrets manager as configured. */
export type ConfiguredManager = {
  readonly secretsManagerId: SecretsManagerId;
  readonly revision: number;
  readonly access: SecretsManagerAccess;
};

type Entry = ConfiguredManager & {
  /** Why these settings are not used; null: nothing is wrong with them. */
  readonly problem: AppError | null;
  provider: Promise<KeyProvider> | null;
  callsUnderWay: number;
  isRetired: boolean;
};

/** One source for each kind of secrets manager. */
export type KeyProviderSources = Readonly<Record<SecretsManagerKind, KeyProviderSource>>;

/** Secrets managers by id. */
export class ConfiguredManagers {
  readonly #sources: KeyProviderSources;
  readonly #entries = new Map<SecretsManagerId, Entry>();

  constructor(sources: KeyProviderSources) {
    this.#sources = sources;
  }

  /** Takes settings in; false when they are the ones that are there already. */
  configure(manager: ConfiguredManager): boolean {
    const { secretsManagerId, revision, access } = manager;
    const known = this.#entries.get(secretsManagerId);
    // The server sends them again after each reconnect; equal ones keep connections and cached data keys.
    if (known?.revision === revision && isDeepStrictEqual(known.access, access)) return false;
    this.forget(secretsManagerId);
    const problem = problemOf(access);
    const use = { provider: null, callsUnderWay: 0, isRetired: false };
    this.#entries.set(secretsManagerId, { secretsManagerId, revision, access, problem, ...use });
    return true;
  }

  /** Drops the settings of one secrets manager, if there are any. */
  forget(secretsManagerId: SecretsManagerId): void {
    const entry = this.#entries.get(secretsManagerId);
    if (entry === undefined) return;
    this.#entries.delete(secretsManagerId);
    entry.isRetired = true;
    this.#closeWhenUnused(entry);
  }

  /** Drops all settings. */
  forgetAll(): void {
    for (const id of this.#entries.keys()) this.forget(id);
  }

  /**
   * The settings of a secrets manager.
   * @throws {delegate-not-eligible} when the server has not sent them
   * @throws what `checkAccess` throws about them
   */
  require(secretsManagerId: SecretsManagerId): ConfiguredManager {
    const entry = this.#entries.get(secretsManagerId);
    if (entry !== undefined && entry.problem !== null) throw entry.problem;
    if (entry !== undefined) return entry;
    throw new AppError('delegate-not-eligible', {
      publicMessage: 'The delegate has no settings for this secrets manager.',
      data: { secretsManagerId },
    });
  }

  /** Whether `use` is exactly what is configured now. */
  isCurrent(use: SecretsManagerUse): boolean {
    return isDeepStrictEqual(this.#entries.get(use.secretsManagerId)?.access, use.access);
  }

  /** Calls the key provider of a manager that `require` returned; it stays open at least until the call has ended. */
  async withProvider<T>(manager: ConfiguredManager, call: (provider: KeyProvider) => Promise<T>): Promise<T> {
    const entry = this.#entryOf(manager);
    entry.callsUnderWay += 1;
    try {
      return await call(await this.#providerOf(entry));
    } finally {
      entry.callsUnderWay -= 1;
      if (entry.isRetired) this.#closeWhenUnused(entry);
    }
  }

  /** Calls a provider made for these settings only, and closes it. */
  async withOwnProvider<T>(use: SecretsManagerUse, call: (provider: KeyProvider) => Promise<T>): Promise<T> {
    const provider = await this.sourceOf(use.access).open(use);
    try {
      return await call(provider);
    } finally {
      provider.close();
    }
  }

  /** What makes key providers for such settings. */
  sourceOf(access: SecretsManagerAccess): KeyProviderSource {
    return this.#sources[access.settings.kind];
  }

  #entryOf(manager: ConfiguredManager): Entry {
    const entry = this.#entries.get(manager.secretsManagerId);
    if (entry === manager) return entry;
    throw new AppError('delegate-not-eligible', {
      publicMessage: 'The settings of the secrets manager have changed in the meantime. Try again.',
    });
  }

  async #providerOf(entry: Entry): Promise<KeyProvider> {
    const opening = (entry.provider ??= this.sourceOf(entry.access).open(entry));
    try {
      return await opening;
    } catch (thrown) {
      if (entry.provider === opening) entry.provider = null;
      throw thrown;
    }
  }

  #closeWhenUnused(entry: Entry): void {
    if (entry.callsUnderWay > 0 || entry.provider === null) return;
    const { provider } = entry;
    entry.provider = null;
    void provider.then(
      (opened) => opened.close(),
      // What never opened needs no closing.
      () => undefined,
    );
  }
}

function problemOf(access: SecretsManagerAccess): AppError | null {
  try {
    checkAccess(access);
    return null;
  } catch (thrown) {
    if (isAppError(thrown)) return thrown;
    throw thrown;
  }
}
