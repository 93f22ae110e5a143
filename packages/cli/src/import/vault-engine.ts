// A KV engine of Vault or OpenBao, version 1 or 2: which one it is, what is below a folder, and what is at a path. Answers that concern one
// path alone are outcomes, since the others may fare better.
// https://developer.hashicorp.com/vault/api-docs/secret/kv/kv-v2
import { AppError } from '@sallyport/core';
import type { SourceTree } from './import-row.ts';
import type { VaultAccess } from './vault-access.ts';
import type { VaultAnswer, VaultHttp } from './vault-http.ts';

export type VaultEngine = { mount: string; version: 1 | 2 };

/** What is at a path. `none`: nothing was ever there. `gone`: it has no value now. `refused`: this token may not. `failed`: otherwise not to be had. */
export type Reading =
  | { kind: 'data'; data: { readonly [key: string]: SourceTree } }
  | { kind: 'none' }
  | { kind: 'gone' | 'refused' | 'failed'; reason: string };

/** Names in a folder; those of folders end in a slash. */
export type Listing = { kind: 'keys'; keys: readonly string[] } | Exclude<Reading, { kind: 'data' | 'gone' }>;

/**
 * The engine that a path leads into, and the rest of the path, as Vault itself divides them.
 * @param given.mount where it must be mounted, the path being below it; null: the path begins with the mount
 * @throws {forbidden} when the token is not valid, or may do nothing there
 * @throws {config-invalid} when the engine is another one
 */
export async function findEngine(
  http: VaultHttp,
  access: VaultAccess,
  given: { mount: string | null; path: string },
): Promise<{ engine: VaultEngine; path: string }> {
  const whole = given.mount === null ? given.path : `${given.mount}/${given.path}`.replace(/\/$/, '');
  const { status, data, errors } = await http.get(`sys/internal/ui/mounts/${whole}`);
  const { address, namespace, names } = access;
  if (status === 403 && !errors.some((error) => error.includes('preflight capability check'))) {
    throw refusal(
      'forbidden',
      `Vault at ${address} does not accept the token: it is wrong, expired or revoked`,
      {
        hint: `Put a valid token into ${names.token}.`,
      },
    );
  }
  if (status === 403) {
    throw refusal('forbidden', `In Vault there is no engine at ${whole} that this token may use`, {
      hint: `The source is MOUNT/PATH. Check it, ${namespace === null ? `${names.namespace}, ` : `the namespace ${namespace}, `}and the token's policies.`,
    });
  }
  if (namespace !== null && errors.some((error) => error.includes('namespace'))) {
    throw refusal('config-invalid', `Vault at ${address} knows no namespace ${namespace}`, {
      hint: `Check ${names.namespace}; the community edition of Vault has no namespaces.`,
    });
  }
  const mount = data?.['path'];
  if (status !== 200 || typeof mount !== 'string') {
    throw refusal(
      'unreachable',
      `Vault at ${address} does not say what is at ${whole}: ${whyOf({ status, data, errors })}`,
      {
        hint: 'Vault 0.10 or later and OpenBao answer to that.',
      },
    );
  }
  return {
    engine: engineOf(data ?? {}, mount.replace(/\/$/, ''), given.mount),
    path: whole.slice(mount.length),
  };
}

function engineOf(
  facts: NonNullable<VaultAnswer['data']>,
  mount: string,
  wanted: string | null,
): VaultEngine {
  const { type, options } = facts;
  if (wanted !== null && wanted !== mount) {
    throw refusal(
      'config-invalid',
      `In Vault no engine is mounted at ${wanted}; its paths are in the engine at ${mount}`,
      {
        hint: 'Correct --mount, or leave it out and begin the source with the mount.',
      },
    );
  }
  if (type !== 'kv' && type !== 'generic') {
    throw refusal(
      'config-invalid',
      `What is mounted at ${mount} in Vault is not a KV engine but ${typeof type === 'string' ? type : 'another'}`,
      {
        hint: 'Only engines of key and value hold secrets that can be imported.',
      },
    );
  }
  const version = (options as { version?: SourceTree } | null | undefined)?.version;
  return { mount, version: version === '2' ? 2 : 1 };
}

/** What is in a folder; the empty path is the engine's own. */
export async function listFolder(http: VaultHttp, engine: VaultEngine, folder: string): Promise<Listing> {
  const part = engine.version === 2 ? `${engine.mount}/metadata` : engine.mount;
  const answer = await http.get(`${part}/${folder === '' ? '' : `${folder}/`}`, '?list=true');
  const keys = answer.data?.['keys'];
  if (answer.status === 200 && Array.isArray(keys)) {
    return { kind: 'keys', keys: (keys as SourceTree[]).filter((key) => typeof key === 'string') };
  }
  if (answer.status === 404) return { kind: 'none' };
  if (answer.status === 403) return { kind: 'refused', reason: 'Vault does not let this token list it' };
  return { kind: 'failed', reason: `Vault did not list it: ${whyOf(answer)}` };
}

/** The newest version at a path. */
export async function readSecret(http: VaultHttp, engine: VaultEngine, path: string): Promise<Reading> {
  const answer = await http.get(`${engine.mount}/${engine.version === 2 ? 'data/' : ''}${path}`);
  if (answer.status === 403) return { kind: 'refused', reason: 'Vault does not let this token read it' };
  if (answer.status === 404) return gone(answer);
  if (answer.status !== 200) return { kind: 'failed', reason: `Vault did not read it: ${whyOf(answer)}` };
  const data = engine.version === 2 ? (answer.data?.['data'] ?? null) : answer.data;
  if (!isMapping(data) || Object.keys(data).length === 0)
    return { kind: 'gone', reason: 'it has no keys in Vault' };
  return { kind: 'data', data };
}

/** Vault says of deleted versions that they are not there, and yet what they are. */
function gone({ data }: VaultAnswer): Reading {
  const metadata = data?.['metadata'] as { [fact: string]: string } | null | undefined;
  if (metadata === null || metadata === undefined) return { kind: 'none' };
  const how = metadata['destroyed'] === 'true' ? 'destroyed' : 'deleted';
  return { kind: 'gone', reason: `its newest version, ${metadata['version']}, is ${how} in Vault` };
}

function isMapping(tree: VaultAnswer['data'] | SourceTree): tree is { readonly [key: string]: SourceTree } {
  return tree !== null && typeof tree === 'object' && !Array.isArray(tree) && !(tree instanceof Uint8Array);
}

function whyOf({ status, errors: [first] }: VaultAnswer): string {
  return first === undefined ? `status ${status}` : `${first} (status ${status})`;
}

function refusal(
  code: 'forbidden' | 'config-invalid' | 'unreachable',
  what: string,
  { hint }: { hint: string },
): AppError {
  return new AppError(code, { publicMessage: `${what}.`, data: { hint } });
}
