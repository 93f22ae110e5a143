// The HTTP API of Vault and OpenBao, as far as reading goes: one GET with its answer, and the faults after which no other would go better.
// Not for what paths and answers mean; that is vault-engine.ts.
import { Agent as HttpAgent, request as httpRequest } from 'node:http';
import type { ClientRequest, IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { RequestOptions } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import { AppError } from '@sallyport/core';
import type { SourceTree } from './import-row.ts';
import { parseJson } from './parse-json.ts';
import type { VaultAccess } from './vault-access.ts';

/** `data` null: the answer has none. `errors` are Vault's own words, safe to print; they name paths, never values. */
export type VaultAnswer = {
  status: number;
  data: { readonly [field: string]: SourceTree | undefined } | null;
  errors: readonly string[];
};
type RawAnswer = { status: number; headers: IncomingMessage['headers']; text: string };

const ANSWER_MS = 30_000;
/** A rate-limit quota counts by the second unless it is set otherwise. */
const WAIT_MS = 1000;
const WAIT_MAX_MS = 30_000;
const TRIES = 6;
const ERROR_MAX_CHARACTERS = 200;

const CAUSES: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there (connection refused)',
  ENOTFOUND: 'the host name is not known',
  ECONNRESET: 'the connection was closed before an answer came',
  HPE_INVALID_CONSTANT: 'what listens there does not speak HTTP',
  EPROTO: 'what listens there does not speak TLS; perhaps it is http',
  ERR_SSL_WRONG_VERSION_NUMBER: 'what listens there does not speak TLS; perhaps it is http',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'what listens there does not speak TLS; perhaps it is http',
  CERT_HAS_EXPIRED: 'its TLS certificate has expired',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its TLS certificate is for another host name',
};
const UNKNOWN_AUTHORITY = /^(DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_)/;

export class VaultHttp implements Disposable {
  readonly #access: VaultAccess;
  readonly #agent: HttpAgent;
  /** Others may be waiting or under way when one has failed. */
  readonly #ended = new AbortController();
  readonly #url: URL;

  constructor(access: VaultAccess) {
    this.#access = access;
    this.#url = new URL(access.address);
    const keepAlive = { keepAlive: true };
    this.#agent = this.#isSecure ? new HttpsAgent(keepAlive) : new HttpAgent(keepAlive);
  }

  get #isSecure(): boolean {
    return this.#url.protocol === 'https:';
  }

  [Symbol.dispose](): void {
    this.#ended.abort();
    this.#agent.destroy();
  }

  /**
   * Answers with status 200, 400, 403, 404 and 500 are the caller's to judge: the next path may fare better.
   * @param path below `/v1/`, its parts not yet encoded
   * @throws {unreachable} {rate-limited} {config-invalid}
   */
  async get(path: string, query = ''): Promise<VaultAnswer> {
    const encoded = path.split('/').map(encodeURIComponent).join('/');
    const target = `${this.#url.pathname.replace(/\/+$/, '')}/v1/${encoded}${query}`;
    for (let tries = 1; ; tries += 1) {
      // One after the other on purpose: the next try is for when this one was refused.
      const raw = await this.#send(target);
      if (raw.status !== 429) return this.#judged(raw);
      if (tries === TRIES) throw this.#tooOften();
      await sleep(waitMsOf(raw), undefined, { signal: this.#ended.signal });
    }
  }

  #judged(raw: RawAnswer): VaultAnswer {
    const { status } = raw;
    if (status >= 300 && status < 400) throw this.#redirected(raw);
    const answer = answerOf(raw);
    if (answer === null) throw this.#notVault(raw);
    if ([200, 400, 403, 404, 500].includes(status)) return answer;
    const [why] = answer.errors;
    throw new AppError('unreachable', {
      publicMessage: `Vault at ${this.#access.address} answered with status ${status}${why === undefined ? '' : `: ${why}`}.`,
      data: { hint: 'Look at the state of Vault (`vault status`), and run it again.' },
    });
  }

  async #send(path: string, isSecondTry = false): Promise<RawAnswer> {
    const request = this.#request(path);
    try {
      return await new Promise((resolve, reject) => {
        request.on('error', reject);
        request.on('response', (response) => void textOf(response).then(resolve, reject));
        request.end();
      });
    } catch (cause) {
      // A kept connection may have been closed just then; a new one tells.
      if (request.reusedSocket && codeOf(cause) === 'ECONNRESET' && !isSecondTry) {
        return this.#send(path, true);
      }
      throw this.#unreached(cause);
    }
  }

  #request(path: string): ClientRequest {
    const { token, namespace, caPem } = this.#access;
    const options: RequestOptions = {
      agent: this.#agent,
      // Not the pathname of a URL: that would take parts like `..` out of it.
      path,
      headers: {
        'x-vault-token': token,
        'x-vault-request': 'true',
        ...(namespace === null ? {} : { 'x-vault-namespace': namespace }),
      },
      ...(caPem === null ? {} : { ca: caPem }),
      signal: AbortSignal.any([this.#ended.signal, AbortSignal.timeout(ANSWER_MS)]),
    };
    return this.#isSecure ? httpsRequest(this.#url, options) : httpRequest(this.#url, options);
  }

  #unreached(cause: unknown): AppError {
    const code = codeOf(cause);
    const isAuthority = UNKNOWN_AUTHORITY.test(code);
    const why = isAuthority
      ? 'its TLS certificate is from an authority that this machine does not know'
      : code === 'ABORT_ERR'
        ? `it did not answer within ${ANSWER_MS / 1000} s`
        : (CAUSES[code] ?? `the connection failed (${code})`);
    const { names } = this.#access;
    const hint = isAuthority
      ? `Name the file with the authority's certificate in ${names.caFile}.`
      : `Check ${names.address}, and that Vault runs.`;
    return new AppError('unreachable', {
      publicMessage: `Vault at ${this.#access.address} cannot be reached: ${why}.`,
      data: { hint },
      cause,
    });
  }

  /** Not followed: a token is for the server that it was given for. */
  #redirected({ headers }: RawAnswer): AppError {
    const to = printable(headers.location ?? 'nowhere');
    return new AppError('unreachable', {
      publicMessage: `Vault at ${this.#access.address} sends to ${to} instead of answering, and no token is sent there.`,
      retryable: false,
      data: { hint: `If that is your Vault, use its address in ${this.#access.names.address}.` },
    });
  }

  #notVault({ status, text }: RawAnswer): AppError {
    const { address, names } = this.#access;
    // What servers written in Go say to a request without TLS.
    const isTls = status === 400 && text.includes('HTTP request to an HTTPS server');
    return new AppError('unreachable', {
      publicMessage: isTls
        ? `What answers at ${address} speaks TLS.`
        : `What answers at ${address} is neither Vault nor OpenBao (status ${status}).`,
      retryable: status >= 500,
      data: {
        hint: isTls
          ? `Put https:// instead of http:// into ${names.address}.`
          : `Check ${names.address}, and any proxy between here and there.`,
      },
    });
  }

  #tooOften(): AppError {
    return new AppError('rate-limited', {
      publicMessage: `Vault at ${this.#access.address} refuses further requests for now (status 429).`,
      data: { hint: 'Look at its rate-limit quotas, import a smaller part, or run it again later.' },
    });
  }
}

async function textOf(response: IncomingMessage): Promise<RawAnswer> {
  const parts: Buffer[] = [];
  for await (const part of response) parts.push(part as Buffer);
  const text = Buffer.concat(parts).toString();
  return { status: response.statusCode ?? 0, headers: response.headers, text };
}

/** null: not what Vault answers with. */
function answerOf({ status, text }: RawAnswer): VaultAnswer | null {
  try {
    const body = parseJson(text, '') as { data?: VaultAnswer['data']; errors?: SourceTree } | null;
    if (body === null || typeof body !== 'object') return null;
    if (!Array.isArray(body.errors) && !('request_id' in body)) return null;
    const errors = Array.isArray(body.errors) ? (body.errors as SourceTree[]) : [];
    const words = errors.filter((error) => typeof error === 'string').map((error) => printable(error));
    return { status, data: body.data ?? null, errors: words };
  } catch {
    return null;
  }
}

function waitMsOf({ headers }: RawAnswer): number {
  const seconds = Number(headers['retry-after']);
  return seconds > 0 ? Math.min(seconds * 1000, WAIT_MAX_MS) : WAIT_MS;
}

function printable(text: string): string {
  return text
    .replaceAll(/[^\x20-\x7e]+/g, ' ')
    .trim()
    .slice(0, ERROR_MAX_CHARACTERS);
}

function codeOf(thrown: unknown): string {
  return thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : '';
}
