// The OpenID provider as a sign-in sees it: where to lead the browser, and who came back. Protocol and checks are openid-client's: state,
// the `iss` of the answer against mix-up (RFC 9207), PKCE, nonce, issuer, audience, times; the signature of the ID token too, though it
// comes straight from the provider.
import * as client from 'openid-client';
import { AppError } from '@sallyport/core';
import type { Clock } from '../clock.ts';
import { boundedFetch } from '../oidc/bounded-fetch.ts';
import type { RootKey } from '../root-key/root-key.ts';
import { secretBinding } from './sso-settings.ts';
import type { SsoRow } from './sso-settings.ts';

/** What belongs to one sign-in and must fit when the browser comes back. */
export type SignInSecrets = { state: string; nonce: string; codeVerifier: string };

/** Who signed in, as the provider says. */
export type ProvedUser = { subject: string; claims: Readonly<Record<string, unknown>> };

const CONFIGURATION_MAX_AGE_MS = 600_000;
const LEEWAY_SECONDS = 30;
const REASON_MAX_CHARACTERS = 300;

export class SsoProvider {
  readonly #clock: Pick<Clock, 'nowMs'>;
  readonly #rootKey: RootKey;
  #known: { updatedAtMs: number; atMs: number; configuration: Promise<client.Configuration> } | null = null;

  constructor(services: { clock: Pick<Clock, 'nowMs'>; rootKey: RootKey }) {
    this.#clock = services.clock;
    this.#rootKey = services.rootKey;
  }

  /**
   * Where the browser is to go.
   * @throws {sso-failed} when the provider cannot be asked where that is
   */
  async startUrl(sso: SsoRow, signIn: { secrets: SignInSecrets; callbackUrl: string }): Promise<URL> {
    const { secrets, callbackUrl } = signIn;
    return this.#asking(async () =>
      client.buildAuthorizationUrl(await this.#configurationOf(sso), {
        redirect_uri: callbackUrl,
        scope: [...new Set(['openid', ...sso.scopes])].join(' '),
        state: secrets.state,
        nonce: secrets.nonce,
        code_challenge: await client.calculatePKCECodeChallenge(secrets.codeVerifier),
        code_challenge_method: 'S256',
      }),
    );
  }

  /**
   * Who came back.
   * @param answer.url the callback's whole address, with what the provider added
   * @throws {sso-failed} with the reason as its message, for the audit trail only
   */
  async finish(sso: SsoRow, answer: { secrets: SignInSecrets; url: URL }): Promise<ProvedUser> {
    const { secrets, url } = answer;
    return this.#asking(async () => {
      const configuration = await this.#configurationOf(sso);
      const tokens = await client.authorizationCodeGrant(configuration, url, {
        expectedState: secrets.state,
        expectedNonce: secrets.nonce,
        pkceCodeVerifier: secrets.codeVerifier,
        idTokenExpected: true,
      });
      const claims = tokens.claims();
      if (claims === undefined) throw ssoFailed('the provider gave no ID token');
      return { subject: claims.sub, claims: { ...(await userInfo(configuration, tokens)), ...claims } };
    });
  }

  async #configurationOf(sso: SsoRow): Promise<client.Configuration> {
    const nowMs = this.#clock.nowMs();
    const known = this.#known;
    if (known?.updatedAtMs === sso.updatedAtMs && nowMs - known.atMs < CONFIGURATION_MAX_AGE_MS) {
      return known.configuration;
    }
    const asked = { updatedAtMs: sso.updatedAtMs, atMs: nowMs, configuration: this.#discover(sso) };
    this.#known = asked;
    asked.configuration.catch(() => {
      if (this.#known === asked) this.#known = null;
    });
    return asked.configuration;
  }

  async #discover(sso: SsoRow): Promise<client.Configuration> {
    const { issuer, clientId, encryptedClientSecret } = sso;
    const server = new URL(issuer);
    const isPlain = server.protocol === 'http:';
    const secret =
      encryptedClientSecret === null
        ? null
        : this.#rootKey.decrypt(encryptedClientSecret, secretBinding(sso)).toString('utf8');
    const configuration = await client.discovery(
      server,
      clientId,
      { [client.clockTolerance]: LEEWAY_SECONDS },
      secret === null ? client.None() : withSecret(secret),
      {
        [client.customFetch]: boundedFetch,
        // The address was checked when it was saved: without TLS only on this machine.
        // oxlint-disable-next-line typescript/no-deprecated -- marked so that it stands out, which it may
        execute: [client.enableNonRepudiationChecks, ...(isPlain ? [client.allowInsecureRequests] : [])],
      },
    );
    // The library makes exceptions for providers whose address stands for many issuers; then anybody of any of them could sign in.
    if (configuration.serverMetadata().issuer !== issuer) {
      throw ssoFailed('the provider names itself otherwise than its address in the settings');
    }
    return configuration;
  }

  async #asking<T>(ask: () => Promise<T>): Promise<T> {
    try {
      return await ask();
    } catch (thrown) {
      throw thrown instanceof AppError ? thrown : ssoFailed(reasonOf(thrown), thrown);
    }
  }
}

/** As the provider prefers it: in the body, or in the header, which is what those have to take that say nothing. */
function withSecret(secret: string): client.ClientAuth {
  const post = client.ClientSecretPost(secret);
  const basic = client.ClientSecretBasic(secret);
  return (server, ...rest) => {
    const methods = server.token_endpoint_auth_methods_supported ?? [];
    const usesPost = methods.includes('client_secret_post') && !methods.includes('client_secret_basic');
    return (usesPost ? post : basic)(server, ...rest);
  };
}

/** Claims that many providers do not put into the ID token. */
async function userInfo(
  configuration: client.Configuration,
  tokens: client.TokenEndpointResponse & client.TokenEndpointResponseHelpers,
): Promise<Record<string, unknown>> {
  const subject = tokens.claims()?.sub;
  if (configuration.serverMetadata().userinfo_endpoint === undefined || subject === undefined) return {};
  return client.fetchUserInfo(configuration, tokens.access_token, subject);
}

function reasonOf(thrown: unknown): string {
  if (thrown instanceof client.AuthorizationResponseError || thrown instanceof client.ResponseBodyError) {
    const { error, error_description: description } = thrown;
    return printable(`the provider says "${error}"${description === undefined ? '' : ` (${description})`}`);
  }
  if (thrown instanceof client.WWWAuthenticateChallengeError) {
    const error = thrown.cause[0]?.parameters['error'] ?? `HTTP ${thrown.status}`;
    return printable(`the provider does not accept this client (${error}): compare its id and secret`);
  }
  if (!(thrown instanceof Error)) return 'an unknown fault';
  const { cause } = thrown;
  return printable(cause instanceof Error ? `${thrown.message}: ${cause.message}` : thrown.message);
}

function printable(text: string): string {
  return text.replaceAll(/[^\x20-\x7e]/g, '?').slice(0, REASON_MAX_CHARACTERS);
}

/** @param reason goes to the audit trail, not to the browser */
export function ssoFailed(reason: string, cause?: unknown): AppError {
  return new AppError('sso-failed', {
    publicMessage: 'The sign-in did not come to an end that can be trusted.',
    message: reason,
    cause,
  });
}
