// A server that speaks what import needs of the HTTP API of Vault and OpenBao: a KV version 2 engine, its listings, deleted versions,
// namespaces and refusals, as https://developer.hashicorp.com/vault/api-docs/secret/kv/kv-v2 describes them.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';

export type FakeVault = AsyncDisposable & {
  address: string;
  /** `path` → versions, newest last; null: deleted. */
  secrets: Map<string, (Record<string, unknown> | null)[]>;
  requests: string[];
};

export const VAULT_TOKEN = 'hvs.test-token';

/** @param options.namespace demanded of every request */
export async function startFakeVault(options: { mount: string; namespace?: string }): Promise<FakeVault> {
  const secrets: FakeVault['secrets'] = new Map();
  const requests: string[] = [];
  const server = createServer((request, response) => {
    const answer = (status: number, body: unknown): void => {
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(JSON.stringify(body));
    };
    const url = new URL(request.url ?? '', 'http://vault');
    const path = decodeURIComponent(url.pathname);
    requests.push(`${request.method} ${path}${url.search}`);
    const isAllowed =
      request.headers['x-vault-token'] === VAULT_TOKEN &&
      request.headers['x-vault-request'] === 'true' &&
      request.headers['x-vault-namespace'] === options.namespace;
    if (!isAllowed) return answer(403, { errors: ['1 error occurred:\n\t* permission denied\n\n'] });
    const [, part = '', name = ''] =
      new RegExp(`^/v1/${options.mount}/(data|metadata)/(.*)$`).exec(path) ?? [];
    if (part === 'metadata' && url.searchParams.get('list') === 'true') {
      const keys = keysBelow([...secrets.keys()], name === '' ? '' : `${name}/`);
      return keys.length === 0 ? answer(404, { errors: [] }) : answer(200, { data: { keys } });
    }
    const versions = part === 'data' ? secrets.get(name) : undefined;
    const newest = versions?.at(-1);
    if (versions === undefined || newest === undefined) return answer(404, { errors: [] });
    const metadata = {
      created_time: '2026-11-24T08:00:00Z',
      deletion_time: newest === null ? '2026-11-24T09:00:00Z' : '',
      destroyed: false,
      version: versions.length,
    };
    return answer(newest === null ? 404 : 200, { data: { data: newest, metadata } });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    secrets,
    requests,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function keysBelow(paths: readonly string[], folder: string): string[] {
  const below = paths.filter((path) => path.startsWith(folder)).map((path) => path.slice(folder.length));
  return [...new Set(below.map((path) => path.replace(/\/.*$/, '/')))].toSorted();
}
