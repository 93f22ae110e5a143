// Tells who sends a request, by its API key. Keys are cached by hash for at most a second, so that a revocation in another process
// acts within that second; one in this process acts at once. What a key may do is not judged here.
import { AppError } from '@sallyport/core';
import type { ApiKeyId } from '@sallyport/core';
import type { BackgroundWork } from '../background-work.ts';
import type { Clock } from '../clock.ts';
import type { Store } from '../storage/store.ts';
import type { ApiKeyRow } from './api-key-store.ts';
import { hashBearerValue, isBearerValue } from './bearer-value.ts';

/** Who acts, as handlers see it. */
export type Principal = { id: ApiKeyId; name: string; expiresAtMs: number | null };

type CachedKey = { row: ApiKeyRow; principal: Principal; readAtMs: number; touchedAtMs: number };

const CACHE_MAX_AGE_MS = 1000;
const CACHE_MAX_KEYS = 10_000;
const TOUCH_EVERY_MS = 60_000;
const SCHEME = /^bearer +/i;

export class Authenticator {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #background: BackgroundWork;
  readonly #cache = new Map<string, CachedKey>();
  readonly #lookups = new Map<string, Promise<CachedKey | null>>();
  /** Counts revocations, so that a lookup that began before one is not kept after it. */
  #revocations = 0;

  constructor(services: { store: Store; clock: Clock; background: BackgroundWork }) {
    this.#store = services.store;
    this.#clock = services.clock;
    this.#background = services.background;
  }

  /**
   * @param authorization the request's `Authorization` header
   * @throws {unauthenticated} one error for every cause
   */
  async authenticate(authorization: string | undefined): Promise<Principal> {
    const value = authorization === undefined ? '' : authorization.replace(SCHEME, '');
    if (!isBearerValue('apiKey', value) || value === authorization) throw unauthenticated();
    const hash = hashBearerValue(value);
    const key = this.#cached(hash) ?? (await this.#lookUp(hash));
    if (key === null || !isActive(key.row, this.#clock.nowMs())) throw unauthenticated();
    this.#touch(key);
    return key.principal;
  }

  /** Forgets every cached key; to be called after a revocation has been committed. */
  forgetAll(): void {
    this.#revocations += 1;
    this.#cache.clear();
    this.#lookups.clear();
  }

  #cached(hash: string): CachedKey | null {
    const key = this.#cache.get(hash);
    return key !== undefined && this.#clock.nowMs() - key.readAtMs < CACHE_MAX_AGE_MS ? key : null;
  }

  async #lookUp(hash: string): Promise<CachedKey | null> {
    const running = this.#lookups.get(hash);
    if (running !== undefined) return running;
    const lookup = this.#read(hash).finally(() => {
      if (this.#lookups.get(hash) === lookup) this.#lookups.delete(hash);
    });
    this.#lookups.set(hash, lookup);
    return lookup;
  }

  async #read(hash: string): Promise<CachedKey | null> {
    const revocations = this.#revocations;
    const readAtMs = this.#clock.nowMs();
    const row = await this.#store.read(async ({ apiKeys }) => apiKeys.findByHash(hash));
    if (row === null) return null;
    // The row was read before a revocation that has been committed since: it may be the one that was revoked.
    if (revocations !== this.#revocations) return this.#read(hash);
    const touchedAtMs = Math.max(row.lastUsedAtMs ?? 0, this.#cache.get(hash)?.touchedAtMs ?? 0);
    const principal = { id: row.id, name: row.name, expiresAtMs: row.expiresAtMs };
    const key = { row, principal, readAtMs, touchedAtMs };
    if (this.#cache.size >= CACHE_MAX_KEYS) this.#cache.clear();
    this.#cache.set(hash, key);
    return key;
  }

  #touch(key: CachedKey): void {
    const nowMs = this.#clock.nowMs();
    if (nowMs - key.touchedAtMs < TOUCH_EVERY_MS) return;
    key.touchedAtMs = nowMs;
    this.#background.start('touch API key', async () => {
      await this.#store.write(async ({ apiKeys }) => {
        await apiKeys.touch(key.row.id, nowMs);
      });
    });
  }
}

/** Whether a key or token admits anybody at `nowMs`. */
export function isActive(
  row: { revokedAtMs: number | null; expiresAtMs: number | null },
  nowMs: number,
): boolean {
  return row.revokedAtMs === null && (row.expiresAtMs === null || nowMs < row.expiresAtMs);
}

/** The state that views show. */
export function stateOf(
  row: { revokedAtMs: number | null; expiresAtMs: number | null },
  nowMs: number,
): 'active' | 'expired' | 'revoked' {
  if (row.revokedAtMs !== null) return 'revoked';
  return isActive(row, nowMs) ? 'active' : 'expired';
}

function unauthenticated(): AppError {
  return new AppError('unauthenticated', {
    publicMessage: 'The request carries no valid API key: it is missing, mistyped, expired or revoked.',
  });
}
