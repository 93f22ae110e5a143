// Where a Vault or OpenBao is and with what it is read, from the environment variables that their own tools go by.
import { resolve } from 'node:path';
import { readFile } from 'node:fs/promises';
import { AppError } from '@sallyport/core';
import { usageError } from '../command-line/usage-error.ts';
import type { Environment } from '../config/environment.ts';

export type VaultAccess = {
  /** `https://…`, perhaps with a path, without a slash at the end. */
  address: string;
  token: string;
  namespace: string | null;
  /** Certificates of authorities to trust instead of the system's; null: the system's. */
  caPem: string | null;
  /** The variables that were gone by, for hints. */
  names: VaultVariables;
};
export type VaultVariables = typeof VAULT | typeof OPENBAO;

const VAULT = {
  address: 'VAULT_ADDR',
  token: 'VAULT_TOKEN',
  namespace: 'VAULT_NAMESPACE',
  caFile: 'VAULT_CACERT',
} as const;
const OPENBAO = {
  address: 'BAO_ADDR',
  token: 'BAO_TOKEN',
  namespace: 'BAO_NAMESPACE',
  caFile: 'BAO_CACERT',
} as const;

/**
 * All from one family of variables: a token is not sent to an address that came from the other.
 * @param folder that a relative path of a certificate starts from
 * @throws {config-invalid}
 */
export async function vaultAccess(environment: Environment, folder: string): Promise<VaultAccess> {
  const names = [VAULT, OPENBAO].find(({ address }) => environment.read(address) !== null);
  if (names === undefined) {
    throw usageError(
      'To import from Vault, set VAULT_ADDR (https://…) and VAULT_TOKEN; for OpenBao, BAO_ADDR and BAO_TOKEN.',
    );
  }
  const address = (environment.read(names.address) ?? '').replace(/\/+$/, '');
  if (!/^https?:\/\//.test(address) || !URL.canParse(address)) {
    throw usageError(`${names.address} must be an address such as https://vault.example.com:8200.`);
  }
  const token = environment.read(names.token)?.trim() ?? '';
  if (token === '') {
    const tool = names === VAULT ? 'vault' : 'bao';
    throw usageError(
      `${names.address} is set and ${names.token} is not.`,
      `\`${tool} print token\` prints the token that you are logged in with.`,
    );
  }
  const namespace = environment.read(names.namespace);
  for (const [name, value] of [
    [names.token, token],
    [names.namespace, namespace ?? 'x'],
  ] as const) {
    if (!/^[\x20-\x7e]+$/.test(value)) throw usageError(`${name} has characters that cannot be sent.`);
  }
  return {
    address,
    token,
    namespace,
    caPem: await certificates(environment.read(names.caFile), names, folder),
    names,
  };
}

async function certificates(
  path: string | null,
  { caFile }: VaultVariables,
  folder: string,
): Promise<string | null> {
  if (path === null) return null;
  const pem = await readFile(resolve(folder, path), 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new AppError('config-invalid', {
      publicMessage: `The file ${path} that ${caFile} names cannot be read: ${error.code ?? 'unknown reason'}.`,
      cause: error,
    });
  });
  if (pem.includes('-----BEGIN CERTIFICATE-----')) return pem;
  throw new AppError('config-invalid', {
    publicMessage: `The file ${path} that ${caFile} names has no certificates in PEM form.`,
  });
}
