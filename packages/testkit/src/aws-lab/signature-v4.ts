// AWS Signature Version 4, verified as AWS verifies it: the canonical request is rebuilt from what arrived, so one changed byte in the
// body, a signed header or the scope refuses the request. It knows nothing of users and sessions; see authenticate.ts.
// Source: "Create a signed AWS API request", IAM user guide.
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

export type SignedRequest = {
  method: string;
  /** Path and query exactly as received. */
  url: string;
  headers: IncomingHttpHeaders;
  body: Buffer;
};

export type ParsedAuthorization = {
  accessKeyId: string;
  /** `YYYYMMDD` */
  date: string;
  region: string;
  service: string;
  signedHeaders: readonly string[];
  /** 64 hex digits. */
  signature: string;
};

const ALGORITHM = 'AWS4-HMAC-SHA256';
const AUTHORIZATION =
  /^AWS4-HMAC-SHA256\s+Credential=([^/,\s]+)\/(\d{8})\/([^/,\s]+)\/([^/,\s]+)\/aws4_request,\s*SignedHeaders=([a-z0-9;_-]+),\s*Signature=([0-9a-f]{64})$/;

/** Reads an `Authorization` header; `null` when it is not a complete Signature Version 4 header. */
export function parseAuthorization(header: string): ParsedAuthorization | null {
  const [, accessKeyId, date, region, service, signedHeaders, signature] = AUTHORIZATION.exec(header) ?? [];
  if (
    accessKeyId === undefined ||
    date === undefined ||
    region === undefined ||
    service === undefined ||
    signedHeaders === undefined ||
    signature === undefined
  ) {
    return null;
  }
  return { accessKeyId, date, region, service, signedHeaders: signedHeaders.split(';'), signature };
}

/** Milliseconds since the epoch of an `x-amz-date` (`YYYYMMDDTHHMMSSZ`), or `null`. */
export function parseAmzDate(text: string): number | null {
  const [, year, month, day, hour, minute, second] =
    /^(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})Z$/.exec(text) ?? [];
  if (second === undefined) return null;
  const time = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  return Number.isNaN(time) ? null : time;
}

/** Writes a time as `x-amz-date` does. */
export function printAmzDate(timeMs: number): string {
  return `${new Date(timeMs).toISOString().slice(0, 19).replaceAll(/[-:]/g, '')}Z`;
}

/** The header that must be signed but is not, or `null`: `host`, and every `x-amz-` header that is present. */
export function unsignedHeader(request: SignedRequest, authorization: ParsedAuthorization): string | null {
  const mustBeSigned = ['host', ...Object.keys(request.headers).filter((name) => name.startsWith('x-amz-'))];
  return mustBeSigned.find((name) => !authorization.signedHeaders.includes(name)) ?? null;
}

/** Makes a verifier with a cache of signing keys, which are good for one access key, day, region and service. */
export function makeSignatureVerifier(): (
  request: SignedRequest,
  claim: { authorization: ParsedAuthorization; amzDate: string; secretAccessKey: string },
) => boolean {
  const signingKeys = new Map<string, Buffer>();
  return (request, { authorization, amzDate, secretAccessKey }) => {
    const { accessKeyId, date, region, service } = authorization;
    const scope = `${date}/${region}/${service}/aws4_request`;
    const cacheKey = `${accessKeyId}/${scope}`;
    let signingKey = signingKeys.get(cacheKey);
    if (signingKey === undefined) {
      signingKey = [date, region, service, 'aws4_request'].reduce<Buffer>(
        (key, part) => hmac(key, part),
        Buffer.from(`AWS4${secretAccessKey}`),
      );
      if (signingKeys.size > 1000) signingKeys.clear();
      signingKeys.set(cacheKey, signingKey);
    }
    const stringToSign = [ALGORITHM, amzDate, scope, sha256(canonicalRequest(request, authorization))].join(
      '\n',
    );
    return timingSafeEqual(hmac(signingKey, stringToSign), Buffer.from(authorization.signature, 'hex'));
  };
}

function canonicalRequest(request: SignedRequest, authorization: ParsedAuthorization): string {
  const [path = '/', query = ''] = request.url.split('?', 2);
  const headers = authorization.signedHeaders.map((name) => `${name}:${headerText(request.headers[name])}\n`);
  return [
    request.method,
    // Services other than S3 sign the path encoded once more.
    path.split('/').map(encodeStrictly).join('/'),
    canonicalQuery(query),
    headers.join(''),
    authorization.signedHeaders.join(';'),
    sha256(request.body),
  ].join('\n');
}

function canonicalQuery(query: string): string {
  if (query === '') return '';
  return [...new URLSearchParams(query)]
    .map(([name, value]) => `${encodeStrictly(name)}=${encodeStrictly(value)}`)
    .sort()
    .join('&');
}

function headerText(value: string | string[] | undefined): string {
  const text = Array.isArray(value) ? value.join(',') : (value ?? '');
  return text.trim().replaceAll(/ +/g, ' ');
}

/** RFC 3986 percent encoding: everything but letters, digits and `-_.~`. */
function encodeStrictly(text: string): string {
  return encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

function sha256(data: string | Buffer): string {
  return createHash('sha256').update(data).digest('hex');
}
