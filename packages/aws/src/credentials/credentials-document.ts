// The JSON document in which instance metadata and container endpoints hand out credentials. The same four fields in both.
import type { AwsIdentity } from './aws-identity.ts';

/**
 * Reads credentials out of an endpoint's answer.
 * @returns `null` when it is not such a document: malformed, a field missing, or an expiry that is no time
 */
export function parseCredentialsDocument(body: string): AwsIdentity | null {
  const fields = parseObject(body);
  if (fields === null) return null;
  const { AccessKeyId, SecretAccessKey, Token, Expiration } = fields;
  if (!isText(AccessKeyId) || !isText(SecretAccessKey) || !isText(Token) || !isText(Expiration)) return null;
  const expiration = new Date(Expiration);
  if (Number.isNaN(expiration.getTime())) return null;
  return { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: Token, expiration };
}

/** The error code in an endpoint's answer, or `null`; `Success` is none. */
export function documentErrorCode(body: string): string | null {
  const code = parseObject(body)?.['Code'];
  return isText(code) && code !== 'Success' && /^\w{1,128}$/.test(code) ? code : null;
}

function parseObject(body: string): Record<string, unknown> | null {
  try {
    const parsed: unknown = JSON.parse(body);
    return typeof parsed === 'object' && parsed !== null ? (parsed as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}
