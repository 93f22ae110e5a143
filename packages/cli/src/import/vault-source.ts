// Reads the newest versions below a path of a KV version 2 engine of Vault or OpenBao, over its HTTP API. Every key of a secret there is a
// row. https://developer.hashicorp.com/vault/api-docs/secret/kv/kv-v2
import { AppError } from '@sallyport/core';
import { rowsOf } from './import-row.ts';
import type { ImportRow, SourceTree } from './import-row.ts';
import { parseJson } from './parse-json.ts';

export type VaultAccess = {
  address: string;
  token: string;
  namespace: string | null;
};
/** Where the engine is mounted, and the path below it; empty: all of it. */
export type VaultPath = { mount: string; path: string };

const READS_AT_ONCE = 8;
const ANSWER_MS = 30_000;

/**
 * @throws {not-found} when nothing is there
 * @throws {unreachable} {unauthenticated} {forbidden} {config-invalid}
 */
export async function readVault(access: VaultAccess, from: VaultPath): Promise<ImportRow[]> {
  const vault = new Vault(access, from.mount);
  const start = from.path.replaceAll(/^\/+|\/+$/g, '');
  const found = await vault.pathsBelow(start);
  if (found.length === 0) {
    throw new AppError('not-found', {
      publicMessage: `There are no secrets at ${from.mount}/${start} in Vault, or the token may not list them.`,
      data: {
        hint: 'The source is MOUNT/PATH of a KV version 2 engine; a mount with slashes is given by --mount.',
      },
    });
  }
  const rows: ImportRow[] = [];
  for (let at = 0; at < found.length; at += READS_AT_ONCE) {
    const some = found.slice(at, at + READS_AT_ONCE);
    const read = await Promise.all(some.map((path) => vault.read(path)));
    for (const [index, data] of read.entries()) {
      const path = relativeTo(start, some[index] ?? '');
      if (data !== null) rows.push(...rowsIn(data, path));
    }
  }
  return rows;
}

/** A secret whose only key is `value` is that value. */
function rowsIn(data: Record<string, SourceTree>, path: readonly string[]): ImportRow[] {
  const keys = Object.keys(data);
  return keys.length === 1 && path.length > 0 && keys[0] === 'value'
    ? rowsOf(data['value'] ?? null, path)
    : rowsOf(data, path);
}

/** The secret at the path itself keeps its own name. */
function relativeTo(start: string, path: string): string[] {
  const below =
    path === start ? (start.split('/').at(-1) ?? '') : path.slice(start === '' ? 0 : start.length + 1);
  return below.split('/').filter((part) => part !== '');
}

class Vault {
  readonly #access: VaultAccess;
  readonly #mount: string;

  constructor(access: VaultAccess, mount: string) {
    this.#access = access;
    this.#mount = mount;
  }

  /** Secrets at this path and below it. */
  async pathsBelow(start: string): Promise<string[]> {
    const found: string[] = [];
    const folders = [start];
    if (start !== '' && (await this.read(start)) !== null) found.push(start);
    for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
      const answer = await this.#get('metadata', folder, '?list=true');
      const keys = answer?.['keys'];
      if (!Array.isArray(keys)) continue;
      for (const key of keys as unknown[]) {
        if (typeof key !== 'string') continue;
        const path = folder === '' ? key : `${folder}/${key}`;
        if (key.endsWith('/')) folders.push(path.slice(0, -1));
        else found.push(path);
      }
    }
    return found.toSorted();
  }

  /** null: not there, or its newest version is deleted. @throws {config-invalid} when the engine is not of version 2 */
  async read(path: string): Promise<Record<string, SourceTree> | null> {
    const answer = await this.#get('data', path, '');
    if (answer === null) return null;
    const { data } = answer;
    if (data === null) return null;
    if (typeof data === 'object' && !Array.isArray(data) && !(data instanceof Uint8Array)) {
      return data as Record<string, SourceTree>;
    }
    throw this.#refused('config-invalid', `${this.#mount} is not a KV engine of version 2`);
  }

  /** The field `data` of the answer; null: there is nothing. */
  async #get(
    part: 'data' | 'metadata',
    path: string,
    query: string,
  ): Promise<Record<string, SourceTree | undefined> | null> {
    const { address, token, namespace } = this.#access;
    const encoded = [...this.#mount.split('/'), part, ...path.split('/')].map(encodeURIComponent).join('/');
    const url = `${address.replace(/\/+$/, '')}/v1/${encoded}${query}`;
    const headers = {
      'x-vault-token': token,
      'x-vault-request': 'true',
      ...(namespace === null ? {} : { 'x-vault-namespace': namespace }),
    };
    const response = await fetch(url, {
      headers,
      // A token is for the server that it was given for.
      redirect: 'error',
      signal: AbortSignal.timeout(ANSWER_MS),
    }).catch((cause: unknown) => {
      throw this.#refused('unreachable', `Vault at ${address} cannot be reached`, cause);
    });
    if (response.status === 404) return null;
    if (response.status === 403) {
      throw this.#refused('forbidden', `Vault does not let this token read ${this.#mount}/${part}/${path}`);
    }
    if (!response.ok) {
      throw this.#refused('unreachable', `Vault at ${address} answered with status ${response.status}`);
    }
    const answer = parseJson(await response.text(), `The answer of ${address}`) as {
      data?: Record<string, SourceTree | undefined>;
    } | null;
    return answer?.data ?? null;
  }

  #refused(code: 'unreachable' | 'forbidden' | 'config-invalid', what: string, cause?: unknown): AppError {
    const hint =
      'Check VAULT_ADDR, VAULT_TOKEN, VAULT_NAMESPACE, and that the source is MOUNT/PATH of a KV version 2 engine.';
    return new AppError(code, { publicMessage: `${what}.`, data: { hint }, cause });
  }
}
