// Keeps credentials fresh without ever failing a call while the old ones are still valid. The SDK's own providers lose what they
// hold, or refresh in the path of every call during the last five minutes; this one renews ahead, in one flight.
import type { AwsLimits, Clock } from '../environment/limits.ts';
import type { CredentialProvider, SourcedCredentials } from './aws-identity.ts';

export type StableCredentialsOptions = {
  /** Gets new credentials; must end by itself. */
  load: () => Promise<SourcedCredentials>;
  clock: Clock;
  limits: Pick<
    AwsLimits,
    'refreshAheadMs' | 'refreshBlockingMs' | 'refreshWaitMs' | 'refreshGapMs' | 'failureHoldMs'
  >;
};

/** One set of credentials, renewed ahead of expiry. */
export class StableCredentials {
  readonly #options: StableCredentialsOptions;
  #held: SourcedCredentials | null = null;
  #flight: Promise<SourcedCredentials> | null = null;
  #lastAttemptMs = Number.NEGATIVE_INFINITY;
  #failure: { thrown: unknown; atMs: number } | null = null;
  /** For SDK clients. */
  readonly provider: CredentialProvider;

  constructor(options: StableCredentialsOptions) {
    this.#options = options;
    const provide = async (call?: { forceRefresh?: boolean }) => {
      const sourced = call?.forceRefresh === true ? await this.#refresh() : await this.current();
      return sourced.identity;
    };
    this.provider = Object.assign(provide, { memoized: true });
  }

  /**
   * Credentials that are valid now. Waits only when there are none, or they end within `refreshBlockingMs`.
   * @throws what `load` threw when there are no valid ones
   */
  async current(): Promise<SourcedCredentials> {
    const held = this.#held;
    if (held === null) return this.#refreshUnlessJustFailed();
    const { refreshAheadMs, refreshBlockingMs } = this.#options.limits;
    const leftMs = this.#leftMs(held);
    if (leftMs > refreshAheadMs) return held;
    if (leftMs <= 0) return this.#refreshUnlessJustFailed();
    if (!this.#isRefreshDue()) return held;
    const renewing = this.#refresh();
    renewing.catch(() => undefined);
    return leftMs > refreshBlockingMs ? held : this.#firstUsable(renewing, held);
  }

  /** The renewed credentials; while the held ones are valid, those in place of a failure or of a long wait. */
  async #firstUsable(
    renewing: Promise<SourcedCredentials>,
    held: SourcedCredentials,
  ): Promise<SourcedCredentials> {
    const waited = Promise.withResolvers<null>();
    const timer = setTimeout(waited.resolve, this.#options.limits.refreshWaitMs, null);
    try {
      const renewed = await Promise.race([renewing, waited.promise]);
      if (renewed !== null) return renewed;
    } catch (thrown) {
      if (this.#leftMs(held) <= 0) throw thrown;
    } finally {
      clearTimeout(timer);
    }
    return this.#leftMs(held) > 0 ? held : renewing;
  }

  /**
   * Other credentials than `used`, which AWS has called expired. Of many calls that report the same ones, the first renews.
   * @returns `used` itself when the source still has no others
   * @throws what `load` throws
   */
  async replace(used: SourcedCredentials): Promise<SourcedCredentials> {
    const held = this.#held;
    if (held !== null && held.identity.accessKeyId !== used.identity.accessKeyId) return held;
    const renewed = await this.#refresh();
    return renewed.identity.accessKeyId === used.identity.accessKeyId ? used : renewed;
  }

  /** Gets new credentials now, whatever is held. @throws what `load` throws */
  async renew(): Promise<SourcedCredentials> {
    return this.#refresh();
  }

  #leftMs(sourced: SourcedCredentials): number {
    const { expiration } = sourced.identity;
    return expiration === undefined
      ? Number.POSITIVE_INFINITY
      : expiration.getTime() - this.#options.clock.nowMs();
  }

  // Credentials that arrive with little time left would otherwise be asked for again by every call.
  #isRefreshDue(): boolean {
    return this.#options.clock.nowMs() - this.#lastAttemptMs >= this.#options.limits.refreshGapMs;
  }

  // A source that is down is not asked again for every call of a busy delegate.
  async #refreshUnlessJustFailed(): Promise<SourcedCredentials> {
    const failure = this.#failure;
    const { clock, limits } = this.#options;
    if (failure !== null && clock.nowMs() - failure.atMs < limits.failureHoldMs) throw failure.thrown;
    return this.#refresh();
  }

  #refresh(): Promise<SourcedCredentials> {
    this.#flight ??= this.#load().finally(() => {
      this.#flight = null;
    });
    return this.#flight;
  }

  async #load(): Promise<SourcedCredentials> {
    this.#lastAttemptMs = this.#options.clock.nowMs();
    try {
      const loaded = await this.#options.load();
      this.#held = loaded;
      this.#failure = null;
      return loaded;
    } catch (thrown) {
      this.#failure = { thrown, atMs: this.#options.clock.nowMs() };
      throw thrown;
    }
  }
}
