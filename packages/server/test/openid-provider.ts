// A real OpenID provider (oidc-provider) on loopback, at which whoever the test names signs in without being asked; and a browser that
// follows redirects and keeps cookies, as far as sign-ins need one.
import { createServer } from 'node:http';
import type { RequestListener, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { decodeJwt, exportJWK, generateKeyPair, SignJWT } from 'jose';
import type { JWK, JWTPayload } from 'jose';
import OidcProvider from 'oidc-provider';
import type { Context } from 'oidc-provider';

export const CLIENT_ID = 'sallyport';
export const CLIENT_SECRET = 'a client secret of the provider';

export type Account = Record<string, unknown>;
/** Makes the ID token of an answer; `sign` signs claims with the key of the provider. */
export type Forge = (given: {
  claims: JWTPayload;
  publicJwk: JWK;
  sign: (claims: JWTPayload, header?: Record<string, unknown>) => Promise<string>;
}) => Promise<string> | string;

export class OpenIdProvider {
  readonly #server: Server;
  #handler: RequestListener = (_request, response) => void response.writeHead(503).end();
  #privateKey!: CryptoKey;
  #publicJwk!: JWK;
  #address = '';
  #rotations = 0;
  readonly #options: ProviderOptions;
  /** Claims of accounts by subject. */
  readonly accounts = new Map<string, Account>();
  /** Who signs in; null: whoever comes is sent back without. */
  signsIn: string | null = 'ann';
  /** Replaces the ID tokens. */
  forge: Forge | null = null;
  /** Paths asked for so far. */
  readonly requests: string[] = [];

  private constructor(server: Server, options: ProviderOptions) {
    this.#server = server;
    this.#options = options;
  }

  /** @param options.redirectUri of the server under test */
  static async start(options: ProviderOptions): Promise<OpenIdProvider> {
    const server = createServer();
    const provider = new OpenIdProvider(server, options);
    server.on('request', (request, response) => {
      provider.requests.push((request.url ?? '').split('?', 1)[0] ?? '');
      provider.#handler(request, response);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    provider.#address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    await provider.rotate();
    return provider;
  }

  get url(): string {
    return this.#address;
  }

  /** Goes on with a new key; the old one is withdrawn. */
  async rotate(): Promise<void> {
    const { privateKey, publicKey } = await keyPair(this.#rotations);
    this.#rotations += 1;
    const facts = { kid: `key-${this.#rotations}`, alg: 'RS256', use: 'sig' };
    this.#privateKey = privateKey;
    this.#publicJwk = { ...(await exportJWK(publicKey)), ...facts };
    const privateJwk = { ...(await exportJWK(privateKey)), ...facts };
    this.#handler = this.#handlerOf(this.#makeProvider(privateJwk));
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
  }

  #makeProvider(privateJwk: JWK): OidcProvider {
    const { redirectUri, claimsInIdToken = true, isPublicClient = false } = this.#options;
    const provider = new OidcProvider(this.#address, {
      clients: [
        {
          client_id: CLIENT_ID,
          ...(isPublicClient
            ? { token_endpoint_auth_method: 'none' }
            : { client_secret: CLIENT_SECRET, token_endpoint_auth_method: 'client_secret_basic' }),
          redirect_uris: [redirectUri],
        },
      ],
      jwks: { keys: [privateJwk] },
      adapter: Memory,
      cookies: { keys: ['a key for the cookies of the provider'] },
      claims: {
        openid: ['sub'],
        profile: ['name', 'preferred_username'],
        email: ['email', 'email_verified'],
        groups: ['groups'],
      },
      scopes: ['openid', 'profile', 'email', 'groups'],
      conformIdTokenClaims: !claimsInIdToken,
      pkce: { required: () => true },
      features: { devInteractions: { enabled: false } },
      ttl: {
        AccessToken: 600,
        AuthorizationCode: 60,
        Grant: 600,
        IdToken: 600,
        Interaction: 600,
        Session: 600,
      },
      interactions: {
        url: (_context: Context, interaction: { uid: string }) => `/interaction/${interaction.uid}`,
      },
      findAccount: (_context: Context, accountId: string) => ({
        accountId,
        claims: () => ({ sub: accountId, ...this.accounts.get(accountId) }),
      }),
      loadExistingGrant: async ({ oidc }: Context) => {
        const { client, account } = oidc ?? {};
        if (client === undefined || account === undefined) return undefined;
        const grant = new provider.Grant({ accountId: account.accountId, clientId: client.clientId });
        grant.addOIDCScope('openid profile email groups');
        await grant.save();
        return grant;
      },
    });
    provider.use(async (context, next) => {
      await next();
      if (this.forge !== null && context.oidc?.route === 'token') await this.#forgeIn(context, this.forge);
    });
    return provider;
  }

  async #forgeIn(context: Context, forge: Forge): Promise<void> {
    const body = context.body as { id_token?: string };
    if (body.id_token === undefined) return;
    const sign = async (claims: JWTPayload, header: Record<string, unknown> = {}): Promise<string> =>
      new SignJWT(claims)
        .setProtectedHeader({ alg: 'RS256', kid: this.#publicJwk.kid ?? '', ...header })
        .sign(this.#privateKey);
    const forged = await forge({ claims: decodeJwt(body.id_token), publicJwk: this.#publicJwk, sign });
    context.body = { ...body, id_token: forged };
  }

  #handlerOf(provider: OidcProvider): RequestListener {
    const serve = provider.callback();
    return (request, response) => {
      if (request.url?.startsWith('/interaction/') !== true) {
        serve(request, response);
        return;
      }
      const result =
        this.signsIn === null
          ? { error: 'access_denied', error_description: 'not today' }
          : { login: { accountId: this.signsIn } };
      provider.interactionFinished(request, response, result).catch((thrown: unknown) => {
        response.writeHead(500).end(String(thrown));
      });
    };
  }
}

export type ProviderOptions = {
  redirectUri: string;
  /** Otherwise they are at the userinfo endpoint only. */
  claimsInIdToken?: boolean;
  isPublicClient?: boolean;
};

export type Visit = {
  status: number;
  url: string;
  /** `Location` of the answer; null: none. */
  location: string | null;
  /** `Set-Cookie` headers of the answer. */
  setCookies: string[];
};

const keyPairs = new Map<number, ReturnType<typeof generateKeyPair>>();

/** The same ones for all providers of a test file: making them takes most of the time. */
function keyPair(number: number): ReturnType<typeof generateKeyPair> {
  const known = keyPairs.get(number) ?? generateKeyPair('RS256', { extractable: true });
  keyPairs.set(number, known);
  return known;
}

type Stored = Record<string, unknown> & { uid?: string; userCode?: string; grantId?: string };

/** What the provider remembers. */
class Memory {
  static readonly #all = new Map<string, Stored>();
  readonly #kind: string;

  constructor(kind: string) {
    this.#kind = kind;
  }

  async upsert(id: string, stored: Stored): Promise<void> {
    Memory.#all.set(this.#key(id), stored);
  }

  async find(id: string): Promise<Stored | undefined> {
    return Memory.#all.get(this.#key(id));
  }

  async findByUid(uid: string): Promise<Stored | undefined> {
    return this.#findBy((stored) => stored.uid === uid);
  }

  async findByUserCode(userCode: string): Promise<Stored | undefined> {
    return this.#findBy((stored) => stored.userCode === userCode);
  }

  async destroy(id: string): Promise<void> {
    Memory.#all.delete(this.#key(id));
  }

  async revokeByGrantId(grantId: string): Promise<void> {
    for (const [key, stored] of Memory.#all) if (stored.grantId === grantId) Memory.#all.delete(key);
  }

  async consume(id: string): Promise<void> {
    const stored = Memory.#all.get(this.#key(id));
    if (stored !== undefined) stored['consumed'] = Math.floor(Date.now() / 1000);
  }

  #key(id: string): string {
    return `${this.#kind} ${id}`;
  }

  #findBy(fits: (stored: Stored) => boolean): Stored | undefined {
    for (const [key, stored] of Memory.#all) {
      if (key.startsWith(`${this.#kind} `) && fits(stored)) return stored;
    }
    return undefined;
  }
}

/** A browser with cookies by origin. */
export class Browser {
  readonly #jars = new Map<string, Map<string, string>>();

  /** One request. */
  async get(url: string): Promise<Visit> {
    const jar = this.#jar(url);
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
    const response = await fetch(url, { redirect: 'manual', headers: cookie === '' ? {} : { cookie } });
    await response.arrayBuffer();
    const setCookies = response.headers.getSetCookie();
    for (const line of setCookies) this.#keep(jar, line);
    return { status: response.status, url, location: response.headers.get('location'), setCookies };
  }

  /** Follows redirects until an answer is none, or leads to an address that begins with `until`, where it does not go. */
  async follow(url: string, until: string): Promise<Visit[]> {
    const visits = [await this.get(url)];
    for (let last = visits[0]; last !== undefined && visits.length < 20; last = visits.at(-1)) {
      if (last.location === null) break;
      const next = new URL(last.location, last.url).href;
      if (next.startsWith(until)) break;
      visits.push(await this.get(next));
    }
    return visits;
  }

  cookie(url: string, name: string): string | null {
    return this.#jar(url).get(name) ?? null;
  }

  setCookie(url: string, name: string, value: string): void {
    this.#jar(url).set(name, value);
  }

  #jar(url: string): Map<string, string> {
    const { origin } = new URL(url);
    const jar = this.#jars.get(origin) ?? new Map<string, string>();
    this.#jars.set(origin, jar);
    return jar;
  }

  #keep(jar: Map<string, string>, line: string): void {
    const [pair = '', ...attributes] = line.split(';');
    const equals = pair.indexOf('=');
    const name = pair.slice(0, equals).trim();
    const value = pair.slice(equals + 1).trim();
    const isGone = attributes.some((attribute) => {
      const [key = '', text = ''] = attribute.trim().split('=', 2);
      if (key.toLowerCase() === 'max-age') return Number(text) <= 0;
      return key.toLowerCase() === 'expires' && Date.parse(text) < Date.now();
    });
    if (isGone || value === '') jar.delete(name);
    else jar.set(name, value);
  }
}
