// What AWS's command line prints of Secrets Manager and of SSM parameters, as rows. Credentials for those services stay with AWS's tool
// (docs/adr/0021).
import { AppError } from '@sallyport/core';
import { rowsOf } from './import-row.ts';
import type { ImportRow, SourceTree } from './import-row.ts';
import { parseJson } from './parse-json.ts';

type Tree = { readonly [key: string]: SourceTree };

/**
 * Answers of `secretsmanager batch-get-secret-value` and `get-secret-value`, `ssm get-parameters-by-path`, `get-parameters` and
 * `get-parameter`.
 * @param options.expand a value that is a JSON object becomes a row for each of its keys
 * @throws {config-invalid} when it is something else, or parameters came encrypted
 */
export function awsRows(answer: SourceTree, options: { what: string; expand: boolean }): ImportRow[] {
  const { what, expand } = options;
  if (!isTree(answer)) throw foreign(what);
  const found = answer['SecretValues'] ?? answer['Parameters'] ?? [answer['Parameter'] ?? answer];
  if (!Array.isArray(found)) throw foreign(what);
  return (found as SourceTree[]).flatMap((one) => {
    if (!isTree(one) || typeof one['Name'] !== 'string') throw foreign(what);
    const path = one['Name'].split('/').filter((part) => part !== '');
    const { SecretBinary: binary, Value: value } = one;
    if (typeof binary === 'string') return [{ path, value: Buffer.from(binary, 'base64') }];
    const text = one['SecretString'] ?? value;
    if (typeof text !== 'string') throw foreign(what);
    if (one['Type'] === 'SecureString' && looksEncrypted(text)) throw notDecrypted(what);
    return expand ? expanded(text, path) : [{ path, value: Buffer.from(text) }];
  });
}

/** Without `--with-decryption`, SSM answers the ciphertext of KMS in base64: it begins with the version of that form. */
function looksEncrypted(text: string): boolean {
  return /^AQIC[A-Za-z0-9+/]{60,}={0,2}$/.test(text);
}

function expanded(text: string, path: readonly string[]): ImportRow[] {
  const whole = [{ path, value: Buffer.from(text) }];
  if (!/^\s*\{/.test(text)) return whole;
  try {
    return rowsOf(parseJson(text, ''), path);
  } catch {
    return whole;
  }
}

function isTree(tree: SourceTree | undefined): tree is Tree {
  return typeof tree === 'object' && tree !== null && !Array.isArray(tree) && !(tree instanceof Uint8Array);
}

function foreign(what: string): AppError {
  return new AppError('config-invalid', {
    publicMessage: `${what} is not what AWS's command line prints of secrets or parameters.`,
    data: {
      hint: 'aws secretsmanager batch-get-secret-value --filters Key=name,Values=shop/ --output json, or aws ssm get-parameters-by-path --recursive --with-decryption --path /shop --output json',
    },
  });
}

function notDecrypted(what: string): AppError {
  return new AppError('config-invalid', {
    publicMessage: `${what} has parameters that are still encrypted.`,
    data: { hint: 'Add --with-decryption to the command that printed it.' },
  });
}
