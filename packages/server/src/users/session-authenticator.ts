// Tells whose session a cookie's value is. Like API keys, sessions are cached by hash for at most a second, so that signing out or being
// disabled in another process acts within that second; in this process it acts at once. Also renews values that have been in use for a
// while, so that one that was stolen is of use for minutes, or shows itself.
import type { SessionId, UserId } from '@sallyport/core';
import { hashBearerValue, isBearerValue, makeBearerValue } from '../access/bearer-value.ts';
import type { BackgroundWork } from '../background-work.ts';
import type { Clock } from '../clock.ts';
import type { ServerConfig } from '../config/server-config.ts';
import type { Store } from '../storage/store.ts';
import type { SessionRow } from './session-store.ts';

/** A session that admits its bearer now. */
export type AuthenticatedSession = {
  userId: UserId;
  sessionId: SessionId;
  /** The name that the user signs in with. */
  name: string;
  expiresAtMs: number;
  /** What the cookie has to hold from now on; null: what it holds. */
  rotatedValue: string | null;
};

/** The port that the authenticator of requests is composed with. */
export type SessionAuthentication = {
  /** null: no such session, ended, revoked, or its user is disabled or removed. */
  authenticateSession(cookieValue: string): Promise<AuthenticatedSession | null>;
  /** To be called after a commit that ended sessions, or disabled or removed a user. */
  forgetAll(): void;
};

const CACHE_MAX_AGE_MS = 1000;
const CACHE_MAX_SESSIONS = 10_000;
const TOUCH_EVERY_MS = 60_000;
/** A value in use for so long is replaced. */
export const ROTATE_AFTER_MS = 15 * 60_000;
/** For so long after that, requests that were under way with the old one are served. */
export const FORMER_ACCEPTED_MS = 30_000;

type CachedSession = { row: SessionRow; name: string; readAtMs: number };
type Successor = { value: string; untilMs: number };

export class SessionAuthenticator implements SessionAuthentication {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #background: BackgroundWork;
  readonly #idleMs: number;
  readonly #touchEveryMs: number;
  readonly #cache = new Map<string, CachedSession>();
  /** Values that were given out and not seen yet, by session: whoever missed the answer with the new one gets it again. */
  readonly #successors = new Map<SessionId, Successor>();
  readonly #rotations = new Map<SessionId, Promise<void>>();
  /** By session, so that all values of one share it. */
  readonly #touchedAtMs = new Map<SessionId, number>();
  #epoch = 0;

  constructor(services: {
    store: Store;
    clock: Clock;
    background: BackgroundWork;
    config: Pick<ServerConfig, 'sessionIdleMinutes'>;
  }) {
    this.#store = services.store;
    this.#clock = services.clock;
    this.#background = services.background;
    this.#idleMs = services.config.sessionIdleMinutes * 60_000;
    this.#touchEveryMs = Math.min(TOUCH_EVERY_MS, this.#idleMs / 4);
  }

  async authenticateSession(cookieValue: string): Promise<AuthenticatedSession | null> {
    if (!isBearerValue('session', cookieValue)) return null;
    const hash = hashBearerValue(cookieValue);
    let session = await this.#find(hash);
    if (session === null || !this.#admits(session.row, hash)) return null;
    if (this.#isDue(session.row, hash)) {
      await this.#rotate(session.row);
      session = await this.#find(hash);
      if (session === null || !this.#admits(session.row, hash)) return null;
    }
    const { row, name } = session;
    this.#touch(row);
    const rotatedValue = this.#successorFor(row, hash);
    return { userId: row.userId, sessionId: row.id, name, expiresAtMs: row.expiresAtMs, rotatedValue };
  }

  forgetAll(): void {
    this.#epoch += 1;
    this.#cache.clear();
  }

  async #find(hash: string): Promise<CachedSession | null> {
    const cached = this.#cache.get(hash);
    if (cached !== undefined && this.#clock.nowMs() - cached.readAtMs < CACHE_MAX_AGE_MS) return cached;
    const epoch = this.#epoch;
    const readAtMs = this.#clock.nowMs();
    const found = await this.#store.read(async ({ sessions, users }) => {
      const row = await sessions.findByHash(hash);
      const user = row === null ? null : await users.find(row.userId);
      return row === null || user === null || user.disabledAtMs !== null ? null : { row, name: user.name };
    });
    // It was read before something that has been committed since: it may be what was ended.
    if (epoch !== this.#epoch) return this.#find(hash);
    if (found === null) return null;
    const session = { ...found, readAtMs };
    if (this.#cache.size >= CACHE_MAX_SESSIONS) this.#cache.clear();
    this.#cache.set(hash, session);
    return session;
  }

  #admits(row: SessionRow, hash: string): boolean {
    const nowMs = this.#clock.nowMs();
    if (nowMs >= row.expiresAtMs || nowMs - this.#lastUsedAtMs(row) >= this.#idleMs) return false;
    return row.hash === hash || (row.formerUntilMs !== null && nowMs < row.formerUntilMs);
  }

  #isDue(row: SessionRow, hash: string): boolean {
    return row.hash === hash && this.#clock.nowMs() - row.issuedAtMs >= ROTATE_AFTER_MS;
  }

  /** Requests that come at the same time share one rotation; another process that was faster is as good. */
  async #rotate(row: SessionRow): Promise<void> {
    const running =
      this.#rotations.get(row.id) ?? this.#renew(row).finally(() => this.#rotations.delete(row.id));
    this.#rotations.set(row.id, running);
    await running;
  }

  async #renew(row: SessionRow): Promise<void> {
    const { value, hash } = makeBearerValue('session');
    const issuedAtMs = this.#clock.nowMs();
    const formerUntilMs = issuedAtMs + FORMER_ACCEPTED_MS;
    const change = { expectedHash: row.hash, hash, issuedAtMs, formerUntilMs };
    const rotated = await this.#store.write(async ({ sessions }) => sessions.rotate(row.id, change));
    if (rotated) this.#successors.set(row.id, { value, untilMs: formerUntilMs });
    this.#dropOldSuccessors(issuedAtMs);
    this.#epoch += 1;
    this.#cache.delete(row.hash);
  }

  /** Once the new value has come back, the old one leads to nothing more: two bearers of it part ways. */
  #successorFor(row: SessionRow, hash: string): string | null {
    if (row.hash !== hash) return this.#successors.get(row.id)?.value ?? null;
    this.#successors.delete(row.id);
    return null;
  }

  #dropOldSuccessors(nowMs: number): void {
    for (const [id, { untilMs }] of this.#successors) if (untilMs <= nowMs) this.#successors.delete(id);
  }

  #lastUsedAtMs(row: SessionRow): number {
    return Math.max(row.lastUsedAtMs, this.#touchedAtMs.get(row.id) ?? 0);
  }

  #touch(row: SessionRow): void {
    const nowMs = this.#clock.nowMs();
    if (nowMs - this.#lastUsedAtMs(row) < this.#touchEveryMs) return;
    if (this.#touchedAtMs.size >= CACHE_MAX_SESSIONS) this.#touchedAtMs.clear();
    this.#touchedAtMs.set(row.id, nowMs);
    this.#background.start('touch session', async () => {
      await this.#store.write(async ({ sessions }) => {
        await sessions.touch(row.id, nowMs);
      });
    });
  }
}
