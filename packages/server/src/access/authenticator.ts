// Tells who sends a request and what they may do: by an API key, or by the cookie of a session. What was found out about a key is kept
// for at most a second, so that a revocation, an expiry, a change of groups or of its user in another process acts within that second;
// one in this process acts at once. Whether an operation is allowed is not judged here.
import { AppError } from '@sallyport/core';
import type { Authority, Rights, SessionId } from '@sallyport/core';
import type { BackgroundWork } from '../background-work.ts';
import type { Clock } from '../clock.ts';
import { readRightsOfGroups, readRightsOfUser } from '../groups/rights-directory.ts';
import type { GroupRights, RightsDirectory } from '../groups/rights-directory.ts';
import type { Store, Tables } from '../storage/store.ts';
import type { SessionAuthentication } from '../users/session-authenticator.ts';
import type { ApiKeyRow } from './api-key-store.ts';
import { hashBearerValue, isBearerValue } from './bearer-value.ts';
import type { Principal } from './principal.ts';

/** What a request shows of who sends it. */
export type Credentials = {
  /** The `Authorization` header. Where it is given, it alone counts. */
  authorization: string | undefined;
  /** The value of the session cookie. */
  sessionValue: string | undefined;
};

export type Authenticated = {
  principal: Principal;
  /** What the session cookie has to hold from now on; null: nothing new. */
  rotatedSessionValue: string | null;
};

type CachedKey = {
  row: ApiKeyRow;
  authenticated: Authenticated;
  readAtMs: number;
  epoch: number;
  touchedAtMs: number;
};
type CachedUser = { held: GroupRights; expiresAtMs: number; principal: Principal };

const CACHE_MAX_AGE_MS = 1000;
const CACHE_MAX_ENTRIES = 10_000;
const TOUCH_EVERY_MS = 60_000;
const SCHEME = /^bearer +/i;

export class Authenticator {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #background: BackgroundWork;
  readonly #rights: RightsDirectory;
  readonly #sessions: SessionAuthentication;
  readonly #keys = new Map<string, CachedKey>();
  readonly #lookups = new Map<string, Promise<CachedKey | null>>();
  readonly #users = new Map<SessionId, CachedUser>();

  constructor(services: {
    store: Store;
    clock: Clock;
    background: BackgroundWork;
    rights: RightsDirectory;
    sessions: SessionAuthentication;
  }) {
    this.#store = services.store;
    this.#clock = services.clock;
    this.#background = services.background;
    this.#rights = services.rights;
    this.#sessions = services.sessions;
  }

  /** @throws {unauthenticated} one error for every cause */
  async authenticate({ authorization, sessionValue }: Credentials): Promise<Authenticated> {
    if (authorization !== undefined) return this.#byKey(authorization);
    if (sessionValue !== undefined) return this.#bySession(sessionValue);
    throw unauthenticated();
  }

  /** Forgets everything; to be called after a commit that changed keys, groups, memberships, users or sessions. */
  forgetAll(): void {
    this.#sessions.forgetAll();
    this.#lookups.clear();
    this.#rights.forget();
  }

  async #byKey(authorization: string): Promise<Authenticated> {
    const value = authorization.replace(SCHEME, '');
    if (!isBearerValue('apiKey', value) || value === authorization) throw unauthenticated();
    const hash = hashBearerValue(value);
    const key = this.#cached(hash) ?? (await this.#lookUp(hash));
    if (key === null || !isActive(key.row, this.#clock.nowMs())) throw unauthenticated();
    this.#touch(key);
    return key.authenticated;
  }

  #cached(hash: string): CachedKey | null {
    const key = this.#keys.get(hash);
    if (key === undefined || key.epoch !== this.#rights.epoch) return null;
    return this.#clock.nowMs() - key.readAtMs < CACHE_MAX_AGE_MS ? key : null;
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
    const { epoch } = this.#rights;
    const readAtMs = this.#clock.nowMs();
    const found = await this.#store.read(async (tables) => readKey(tables, hash));
    // It was read before a change that has been committed since: it may be what was revoked.
    if (epoch !== this.#rights.epoch) return this.#read(hash);
    if (found === null) return null;
    const { row } = found;
    const touchedAtMs = Math.max(row.lastUsedAtMs ?? 0, this.#keys.get(hash)?.touchedAtMs ?? 0);
    const authenticated = { principal: principalOfKey(row, found.held), rotatedSessionValue: null };
    const key = { row, authenticated, readAtMs, epoch, touchedAtMs };
    if (this.#keys.size >= CACHE_MAX_ENTRIES) this.#keys.clear();
    this.#keys.set(hash, key);
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

  async #bySession(value: string): Promise<Authenticated> {
    const session = await this.#sessions.authenticateSession(value);
    if (session === null) throw unauthenticated();
    const { userId, sessionId, name, expiresAtMs, rotatedValue } = session;
    const held = await this.#rights.rightsOfUser(userId);
    let user = this.#users.get(sessionId);
    if (user?.held !== held || user.principal.name !== name || user.expiresAtMs !== expiresAtMs) {
      const authority = { layers: [held.rights] };
      const { groupIds } = held;
      const principal: Principal = {
        kind: 'user',
        id: userId,
        name,
        userId,
        groupIds,
        authority,
        sessionId,
        expiresAtMs,
      };
      user = { held, expiresAtMs, principal };
      if (this.#users.size >= CACHE_MAX_ENTRIES) this.#users.clear();
      this.#users.set(sessionId, user);
    }
    return { principal: user.principal, rotatedSessionValue: rotatedValue };
  }
}

/** null: no such key, or its user is disabled or removed. */
async function readKey(tables: Tables, hash: string): Promise<{ row: ApiKeyRow; held: GroupRights } | null> {
  const row = await tables.apiKeys.findByHash(hash);
  if (row === null) return null;
  if (row.owner.type === 'groups') return { row, held: await readRightsOfGroups(tables, row.owner.groupIds) };
  const user = await tables.users.find(row.owner.userId);
  if (user === null || user.disabledAtMs !== null) return null;
  return { row, held: await readRightsOfUser(tables, user.id) };
}

function principalOfKey(row: ApiKeyRow, held: GroupRights): Principal {
  return {
    kind: row.kind,
    id: row.id,
    name: row.name,
    userId: row.owner.type === 'user' ? row.owner.userId : null,
    groupIds: held.groupIds,
    authority: authorityOf(held.rights, row.restriction),
    sessionId: null,
    expiresAtMs: row.expiresAtMs,
  };
}

/** What a key may do: its owner's rights, and where it is restricted, of those only what the restriction allows too. */
export function authorityOf(owner: Rights, restriction: Rights | null): Authority {
  return { layers: restriction === null ? [owner] : [owner, restriction] };
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
    publicMessage:
      'The request carries no valid API key or session: it is missing, mistyped, expired or revoked.',
  });
}
