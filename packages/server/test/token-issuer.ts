// An issuer of tokens on loopback: discovery document, public keys, and tokens with whatever a test wants to be in them.
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import type { JWK } from 'jose';

type Key = { kid: string; alg: string; privateKey: CryptoKey; publicJwk: JWK };

/** The audience of its tokens unless a test says otherwise. */
export const AUDIENCE = 'sallyport';

export class TokenIssuer {
  readonly #server: Server;
  #key!: Key;
  #published: JWK[] = [];
  #address = '';
  /** Requests so far, by path. */
  readonly requests: string[] = [];
  /** Replaces answers by path; `null`: the connection is cut. */
  readonly answers = new Map<string, { status: number; body: string; location?: string } | null>();

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(alg = 'ES256'): Promise<TokenIssuer> {
    const server = createServer();
    const issuer = new TokenIssuer(server);
    server.on('request', (request, response) => {
      const path = request.url ?? '';
      issuer.requests.push(path);
      const answer = issuer.#answerTo(path);
      if (answer === null) {
        request.socket.destroy();
        return;
      }
      const { status, body, location } = answer;
      response.writeHead(status, {
        'content-type': 'application/json',
        ...(location === undefined ? {} : { location }),
      });
      response.end(body);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    issuer.#address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    await issuer.rotate(alg);
    return issuer;
  }

  get url(): string {
    return this.#address;
  }

  /** The key set as it is published. */
  get jwks(): { keys: JWK[] } {
    return { keys: this.#published };
  }

  get publicJwk(): JWK {
    return this.#key.publicJwk;
  }

  /** Signs with a new key from now on; the old one is withdrawn. */
  async rotate(alg = this.#key.alg): Promise<void> {
    const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
    const kid = `key-${this.requests.length}-${Math.random().toString(36).slice(2)}`;
    const publicJwk = { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' };
    this.#key = { kid, alg, privateKey, publicJwk };
    this.#published = [publicJwk];
  }

  /**
   * A token.
   * @param claims beside or in place of the usual ones; `undefined` leaves one out
   */
  async token(claims: Record<string, unknown> = {}, header: Record<string, unknown> = {}): Promise<string> {
    const nowSeconds = Math.floor(Date.now() / 1000);
    const usual = {
      iss: this.url,
      aud: AUDIENCE,
      sub: 'repo:acme/shop:ref:refs/heads/main',
      repository: 'acme/shop',
      iat: nowSeconds,
      nbf: nowSeconds,
      exp: nowSeconds + 300,
    };
    const { kid, alg, privateKey } = this.#key;
    // Through JSON, so that what is undefined is left out.
    const payload = JSON.parse(JSON.stringify({ ...usual, ...claims })) as Record<string, unknown>;
    return new SignJWT(payload).setProtectedHeader({ alg, kid, ...header }).sign(privateKey);
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
  }

  #answerTo(path: string): { status: number; body: string; location?: string } | null {
    const replaced = this.answers.get(path);
    if (replaced !== undefined) return replaced;
    if (path === '/.well-known/openid-configuration') {
      return { status: 200, body: JSON.stringify({ issuer: this.url, jwks_uri: `${this.url}/keys` }) };
    }
    return path === '/keys' ? { status: 200, body: JSON.stringify(this.jwks) } : { status: 404, body: '{}' };
  }
}
