// A server that answers as OpenBao 2.7 and, but for the words of some refusals, Vault 1.21 were seen to answer: KV engines of both versions, tokens with policies, and the
// refusals, status and body alike. It takes the same requests that fill a real one (vault-client.ts); import-vault.test.ts holds both to
// the same expectations.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { fakeKv } from './fake-vault-kv.ts';
import type { Answer, FakeEngine } from './fake-vault-kv.ts';

export type FakeVault = AsyncDisposable & {
  address: string;
  /** Of root, that may do everything. */
  token: string;
  requests: string[];
  /**
   * Answers one request by itself, before anything else is looked at, as an overloaded or sealed server does.
   * @param more.at a part of its path; left out: the next one, whatever it is
   */
  answerOnce(status: number, body: unknown, more?: { headers?: Record<string, string>; at?: string }): void;
};
type Policies = Map<string, Record<string, { capabilities: string[] }>>;

const ROOT_TOKEN = 'hvs.fake-root-token';
const ROOT = 'root';
const REFUSED: Answer = { status: 403, body: { errors: ['permission denied'] } };

/** @param options.tls a certificate and its key, PEM; left out: plain HTTP */
export async function startFakeVault(
  options: { tls?: { certificate: string; key: string } } = {},
): Promise<FakeVault> {
  const state = new State();
  const requests: string[] = [];
  const waiting: { answer: Answer; headers: Record<string, string>; at: string }[] = [];
  const listener = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    requests.push(`${request.method} ${request.url}`);
    const body = await bodyOf(request);
    const index = waiting.findIndex(({ at }) => request.url?.includes(at));
    const [next] = index < 0 ? [] : waiting.splice(index, 1);
    const { status, body: answer } = next?.answer ?? state.answer(request, body);
    response.writeHead(status, { 'content-type': 'application/json', ...next?.headers });
    const text = typeof answer === 'string' ? answer : JSON.stringify(answer);
    response.end(status === 204 ? undefined : `${text}\n`);
  };
  const { tls } = options;
  const server =
    tls === undefined
      ? createServer((request, response) => void listener(request, response))
      : createTlsServer({ cert: tls.certificate, key: tls.key }, (request, response) => {
          void listener(request, response);
        });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    address: tls === undefined ? `http://127.0.0.1:${port}` : `https://localhost:${port}`,
    token: ROOT_TOKEN,
    requests,
    answerOnce: (status, body, { headers = {}, at = '' } = {}) =>
      waiting.push({ answer: { status, body }, headers, at }),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

class State {
  readonly #engines = new Map<string, FakeEngine>([['secret', fakeKv('secret', 2)]]);
  readonly #policies: Policies = new Map();
  readonly #tokens = new Map<string, readonly string[]>([[ROOT_TOKEN, [ROOT]]]);

  answer({ method = '', url = '', headers }: IncomingMessage, body: unknown): Answer {
    const { pathname, searchParams } = new URL(url, 'http://vault');
    const path = pathname
      .slice('/v1/'.length)
      .replaceAll(/\/{2,}/g, '/')
      .split('/')
      .map(decodeURIComponent)
      .join('/');
    // The namespace is looked for before the token is looked at.
    const namespace = headers['x-vault-namespace'];
    if (namespace !== undefined && namespace !== ROOT) {
      return { status: 404, body: { errors: ['namespace not found'] } };
    }
    const policies = this.#tokens.get(String(headers['x-vault-token']));
    if (policies === undefined) return REFUSED;
    if (path.startsWith('sys/internal/ui/mounts/')) return this.#mountOf(path.slice(23), policies);
    if (policies.includes(ROOT)) {
      const done = this.#administered(method, path, body);
      if (done !== null) return done;
    }
    const isList = searchParams.get('list') === 'true';
    const listed = isList && !path.endsWith('/') ? `${path}/` : path;
    const capability = isList ? 'list' : method === 'GET' ? 'read' : 'update';
    if (!this.#mayDo(policies, listed, capability)) return REFUSED;
    const found = this.#engineAt(path);
    if (found === null) {
      return { status: 404, body: { errors: [`no handler for route "${path}". route entry not found.`] } };
    }
    return found.engine.answer({ method: isList ? 'LIST' : method, path: found.rest, body });
  }

  /** Which engine a path is in; told to whoever may do anything at all in that engine. */
  #mountOf(path: string, policies: readonly string[]): Answer {
    const found = this.#engineAt(path);
    const isHeld =
      found !== null && this.#rules(policies).some(([rule]) => rule.startsWith(`${found.mount}/`));
    if (found === null || !(isHeld || policies.includes(ROOT))) {
      const error = `preflight capability check returned 403, please ensure client's policies grant access to path "${path}/"`;
      return { status: 403, body: { errors: [error] } };
    }
    const { type, version } = found.engine;
    const options = version === null ? null : { version: String(version) };
    return found.engine.found({ path: `${found.mount}/`, type, options });
  }

  #administered(method: string, path: string, body: unknown): Answer | null {
    const done: Answer = { status: 204, body: null };
    const name = path.split('/').at(-1) ?? '';
    if (method === 'POST' && path.startsWith('sys/mounts/')) {
      const { type, options } = body as { type: string; options?: { version: string } };
      const mount = path.slice('sys/mounts/'.length);
      const version = type !== 'kv' ? null : options?.version === '2' ? 2 : 1;
      this.#engines.set(mount, fakeKv(mount, version, type));
      return done;
    }
    if (method === 'POST' && path.startsWith('sys/policies/acl/')) {
      const { policy } = body as { policy: string };
      this.#policies.set(name, JSON.parse(policy).path);
      return done;
    }
    if (method === 'POST' && path === 'auth/token/create') {
      const token = `hvs.fake-${this.#tokens.size}`;
      this.#tokens.set(token, (body as { policies: string[] }).policies);
      return { status: 200, body: { auth: { client_token: token } } };
    }
    if (method === 'POST' && path === 'auth/token/revoke') {
      this.#tokens.delete((body as { token: string }).token);
      return done;
    }
    return null;
  }

  #engineAt(path: string): { mount: string; engine: FakeEngine; rest: string } | null {
    const mounts = [...this.#engines].filter(([mount]) => `${path}/`.startsWith(`${mount}/`));
    const [longest] = mounts.toSorted(([a], [b]) => b.length - a.length);
    if (longest === undefined) return null;
    const [mount, engine] = longest;
    return { mount, engine, rest: path.slice(mount.length + 1) };
  }

  #rules(policies: readonly string[]): [path: string, rule: { capabilities: string[] }][] {
    return policies.flatMap((name) => Object.entries(this.#policies.get(name) ?? {}));
  }

  /** The rule that fits best decides: the very path first, then the longest with a star at its end. */
  #mayDo(policies: readonly string[], path: string, capability: string): boolean {
    if (policies.includes(ROOT)) return true;
    const isExact = (rule: string): boolean =>
      rule === path || (capability === 'list' && `${rule}/` === path);
    const isPrefix = (rule: string): boolean => rule.endsWith('*') && path.startsWith(rule.slice(0, -1));
    const fitting = this.#rules(policies).filter(([rule]) => isExact(rule) || isPrefix(rule));
    const [best] = fitting.toSorted(
      ([a], [b]) => Number(isExact(b)) - Number(isExact(a)) || b.length - a.length,
    );
    return best?.[1].capabilities.includes(capability) ?? false;
  }
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const parts = await Array.fromAsync(request as AsyncIterable<Buffer>);
  return parts.length === 0 ? null : JSON.parse(Buffer.concat(parts).toString());
}
