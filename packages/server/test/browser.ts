// A browser for tests: keeps the session cookie as browsers do, says where its pages are from, and speaks JSON. And a server with a first
// user, whose passwords are hashed fast and countably.
import { createHmac, hash } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { expect } from 'vitest';
import type { ServerConfigInput } from '../src/index.ts';
import { openSqliteStore } from '../src/storage/sqlite/sqlite-store.ts';
import type { Argon2id, Argon2Parameters } from '../src/users/password-hasher.ts';
import { flaky } from './flaky-store.ts';
import type { FlakyStore } from './flaky-store.ts';
import { ManualClock } from './manual-clock.ts';
import { startTestServer } from './test-server.ts';
import type { Answer, Loose, TestServer } from './test-server.ts';

/** `null` leaves a header out that the browser would send. */
export type SentHeaders = Record<string, string | null>;
export type BrowserAnswer = Answer & { setCookies: string[] };

export class Browser {
  readonly #address: string;
  /** As the `cookie` header says it; null: none. */
  cookie: string | null = null;

  constructor(address: string) {
    this.#address = address;
  }

  /** Sends a request as a script on a page of the server would. */
  async call(
    method: string,
    path: string,
    body?: unknown,
    headers: SentHeaders = {},
  ): Promise<BrowserAnswer> {
    const answer = await send(this.#address + path, {
      method,
      text: body === undefined ? null : JSON.stringify(body),
      headers: { 'sec-fetch-site': 'same-origin', cookie: this.cookie, ...headers },
    });
    for (const line of answer.setCookies) {
      const [pair = ''] = line.split(';');
      this.cookie = line.includes('Max-Age=0') ? null : pair;
    }
    return answer;
  }

  async signIn(user: string, password: string, code?: string): Promise<BrowserAnswer> {
    return this.call('POST', '/v1/sign-in', { user, password, ...(code === undefined ? {} : { code }) });
  }

  /** Whether the session of this browser is good for a request. */
  async isSignedIn(): Promise<boolean> {
    const { status, body } = await this.call('GET', '/v1/whoami');
    if (status !== 200) expect(body.error.code).toBe('unauthenticated');
    return status === 200;
  }
}

/** `fetch` would not send a cookie, a host or an origin of our choice. */
async function send(
  url: string,
  { method, text, headers }: { method: string; text: string | null; headers: SentHeaders },
): Promise<BrowserAnswer> {
  const given = Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== null));
  const content =
    text === null ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) };
  const start = url.startsWith('https:') ? httpsRequest : httpRequest;
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const outgoing = start(url, {
      method,
      headers: { ...content, ...(given as Record<string, string>) },
      rejectUnauthorized: false,
      agent: false,
    });
    outgoing.on('response', resolve);
    outgoing.on('error', reject);
    outgoing.end(text ?? undefined);
  });
  const parts: Buffer[] = [];
  for await (const part of response) parts.push(part as Buffer);
  const answerText = Buffer.concat(parts).toString();
  return {
    status: response.statusCode ?? 0,
    body: answerText === '' ? null : JSON.parse(answerText),
    headers: headersOf(response.headers),
    setCookies: response.headers['set-cookie'] ?? [],
  };
}

function headersOf(headers: IncomingMessage['headers']): Headers {
  return new Headers(Object.entries(headers).map(([name, value]): [string, string] => [name, String(value)]));
}

/** Stands in for argon2id: the same form, no cost, and a list of what was asked for. */
export function countedArgon2id(): { argon2id: Argon2id; calls: Argon2Parameters[] } {
  const calls: Argon2Parameters[] = [];
  const argon2id: Argon2id = async (parameters) => {
    calls.push(parameters);
    const { message, nonce, memory, passes, parallelism, tagLength } = parameters;
    const all = Buffer.concat([nonce, Buffer.from(`${memory} ${passes} ${parallelism} `), message]);
    return hash('sha512', all, 'buffer').subarray(0, tagLength);
  };
  return { argon2id, calls };
}

export const ADMIN = { user: 'admin', password: 'keys to the whole account' };
export const ALICE = { user: 'alice', password: 'a long enough password' };

export type People = {
  on: TestServer;
  clock: ManualClock;
  store: FlakyStore;
  /** Calls of argon2id so far. */
  hashing: Argon2Parameters[];
  /** The first user, signed in. */
  admin: Browser;
  /** A new browser that is not signed in. */
  browser(): Browser;
  /** Invites a user and redeems the link; signed in. */
  join(user: { user: string; password: string }, groups?: string[]): Promise<Browser>;
  /** Actions about a resource or all, oldest first. */
  trail(resource?: string): Promise<Loose[]>;
  end(): Promise<void>;
};

export async function startPeople(
  options: { config?: Partial<ServerConfigInput>; argon2id?: Argon2id } = {},
): Promise<People> {
  const clock = new ManualClock();
  const store = flaky(await openSqliteStore({ path: ':memory:' }));
  const { argon2id, calls } = countedArgon2id();
  const on = await startTestServer({
    dependencies: { clock, store, argon2id: options.argon2id ?? argon2id },
    ...(options.config === undefined ? {} : { config: options.config }),
  });
  const browser = () => new Browser(on.server.address);
  const admin = browser();
  const link = (await on.server.createSetupLink()) ?? '';
  const made = await admin.call('POST', '/v1/links/redeem', {
    value: valueOf(link),
    password: ADMIN.password,
    name: ADMIN.user,
  });
  expect(made.status).toBe(200);
  return {
    on,
    clock,
    store,
    hashing: calls,
    admin,
    browser,
    join: async ({ user, password }, groups = []) => {
      const invited = await admin.call('POST', '/v1/users', { name: user, groups });
      expect(invited.status).toBe(201);
      const joined = browser();
      const value = valueOf(invited.body.link);
      expect((await joined.call('POST', '/v1/links/redeem', { value, password })).status).toBe(200);
      return joined;
    },
    trail: async (resource) => {
      const query = resource === undefined ? '' : `&resource=${resource}`;
      const { body } = await on.call('GET', `/v1/audit?limit=500${query}`);
      return body.records.toReversed();
    },
    end: async () => {
      await on.end();
      await store.close();
    },
  };
}

/** The part of a link that operations take. */
export function valueOf(link: string): string {
  return link.slice(link.lastIndexOf('/') + 1);
}

/** A code as RFC 6238 says, worked out without the library that the server uses. */
export function totpCode(secretBase32: string, nowMs: number): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
  const bits = Array.from(secretBase32, (character) =>
    alphabet.indexOf(character).toString(2).padStart(5, '0'),
  );
  const bytes = bits.join('').match(/.{8}/g) ?? [];
  const key = Buffer.from(bytes.map((byte) => Number.parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(nowMs / 30_000)));
  const mac = createHmac('sha1', key).update(counter).digest();
  const offset = (mac.at(-1) ?? 0) & 15;
  return String((mac.readUInt32BE(offset) & 0x7fffffff) % 1_000_000).padStart(6, '0');
}

/** Sets up a second factor and gives its secret and recovery codes. The code of this time step is used up. */
export async function addSecondFactor(
  browser: Browser,
  password: string,
  clock: ManualClock,
): Promise<{ secret: string; recoveryCodes: string[] }> {
  const begun = await browser.call('POST', '/v1/me/second-factor/begin', { password });
  expect(begun.status).toBe(200);
  const { secret } = begun.body;
  const code = totpCode(secret, clock.nowMs());
  const confirmed = await browser.call('POST', '/v1/me/second-factor/confirm', { code });
  expect(confirmed.status).toBe(200);
  return { secret, recoveryCodes: confirmed.body.recoveryCodes };
}
