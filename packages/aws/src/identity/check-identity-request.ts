// What a delegate demands of an identity request before it sends a single byte. The request comes from a stranger, by way of a server
// that may lie: it must be able to do nothing but ask STS who signed it. So everything in it is compared with the one form that such a
// request has, and whatever is not known is refused rather than passed on.
//   The host: STS itself, or the delegate would call any address for anybody.
//   The body: this one action, or the delegate would make any call for anybody.
//   The headers: a closed list, each signed. One that changes the form of the answer (`accept`) could have what the caller chose read as
//   what STS says.
//   The audience: signed, and this server's, or a request that was given to another server would be good here.
import { createHash } from 'node:crypto';
import { AppError } from '@sallyport/core';
import {
  AUDIENCE_HEADER,
  FORM_TYPE,
  IDENTITY_BODY,
  IDENTITY_REQUEST_MAX_AGE_MS,
} from './identity-request.ts';
import type { IdentityRequest } from './identity-request.ts';
import { parseStsHost } from './sts-host.ts';
import type { StsHost } from './sts-host.ts';

export type IdentityRules = {
  /** Address of the server, as that server knows itself. */
  audience: string;
  nowMs: number;
  /** Regions in which STS may be asked; `null`: all that AWS has. */
  regions: readonly string[] | null;
  /** Refuse endpoints that are not FIPS endpoints. */
  fipsOnly: boolean;
};

/** A request that may be sent: exactly these headers, names in lower case. */
export type CheckedIdentityRequest = {
  host: string;
  place: StsHost;
  headers: Readonly<Record<string, string>>;
};

const REQUIRED_HEADERS = ['host', 'content-type', 'x-amz-date', 'authorization', AUDIENCE_HEADER];
const OPTIONAL_HEADERS = ['content-length', 'x-amz-security-token', 'x-amz-content-sha256'];
/** Cannot be signed, or need not be: what they may say is fixed anyway. */
const NEED_NO_SIGNATURE = ['authorization', 'content-length'];
const HEADER_VALUE = /^[\x20-\x7e]{1,8192}$/;
const AUTHORIZATION =
  /^AWS4-HMAC-SHA256 Credential=\w{16,128}\/(\d{8})\/([a-z0-9-]{1,64})\/([a-z0-9-]{1,64})\/aws4_request, ?SignedHeaders=([a-z0-9;-]{1,512}), ?Signature=[0-9a-f]{64}$/;
const AMZ_DATE = /^(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})Z$/;

/** @throws {workload-refused} saying what is wrong with it */
export function checkIdentityRequest(request: IdentityRequest, rules: IdentityRules): CheckedIdentityRequest {
  const { host, place } = checkAddress(request.url, rules);
  if (request.body !== IDENTITY_BODY) throw refused('its body is not that of GetCallerIdentity');
  const headers = checkHeaders(request.headers);
  const values = fixedValues(host);
  for (const [name, allowed] of Object.entries(values)) {
    const value = headers[name];
    if (value !== undefined && !allowed.includes(value))
      throw refused(`its header ${name} is not the one expected`);
  }
  checkAuthorization(headers, place);
  checkAge(headers['x-amz-date'] ?? '', rules.nowMs);
  if (headers[AUDIENCE_HEADER] !== rules.audience) {
    throw refused(
      `it was made for "${headers[AUDIENCE_HEADER]?.slice(0, 200)}", and this server is "${rules.audience}"`,
    );
  }
  return { host, place, headers };
}

function checkAddress(url: string, rules: IdentityRules): { host: string; place: StsHost } {
  const host = url.length > 200 ? '' : (URL.parse(url)?.hostname ?? '');
  // Compared as a whole: no port, no user, no path, no query.
  if (host === '' || (url !== `https://${host}/` && url !== `https://${host}`)) {
    throw refused('its address is not that of an STS endpoint');
  }
  const place = parseStsHost(host);
  if (place === null) throw refused('its address is not that of an STS endpoint');
  if (rules.regions !== null && !rules.regions.includes(place.region)) {
    throw refused(`the delegate does not ask STS in ${place.region}`);
  }
  if (rules.fipsOnly && !place.isFips) throw refused('the delegate uses FIPS endpoints only');
  return { host, place };
}

function checkHeaders(given: IdentityRequest['headers']): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [written, value] of Object.entries(given)) {
    const name = written.toLowerCase();
    if (!REQUIRED_HEADERS.includes(name) && !OPTIONAL_HEADERS.includes(name)) {
      throw refused('it has a header that such a request does not have');
    }
    if (Object.hasOwn(headers, name)) throw refused(`it has the header ${name} twice`);
    if (!HEADER_VALUE.test(value)) throw refused(`its header ${name} is malformed`);
    headers[name] = value;
  }
  const missing = REQUIRED_HEADERS.find((name) => !Object.hasOwn(headers, name));
  if (missing !== undefined) throw refused(`it lacks the header ${missing}`);
  return headers;
}

/** What headers may say that leave no choice. */
function fixedValues(host: string): Record<string, readonly string[]> {
  return {
    host: [host],
    'content-type': [FORM_TYPE, 'application/x-www-form-urlencoded'],
    'content-length': [String(IDENTITY_BODY.length)],
    'x-amz-content-sha256': [createHash('sha256').update(IDENTITY_BODY).digest('hex')],
  };
}

function checkAuthorization(headers: Readonly<Record<string, string>>, place: StsHost): void {
  const parsed = AUTHORIZATION.exec(headers['authorization'] ?? '');
  if (parsed === null) throw refused('its signature is not one of version 4');
  const [, date, region, service, signedHeaders = ''] = parsed;
  if (service !== 'sts' || region !== place.region) {
    throw refused('it was signed for another service or region than that of its address');
  }
  if (headers['x-amz-date']?.startsWith(`${date}T`) !== true) {
    throw refused('the date of its signature is not that of the request');
  }
  const signed = signedHeaders.split(';');
  const unsigned = Object.keys(headers).find(
    (name) => !signed.includes(name) && !NEED_NO_SIGNATURE.includes(name),
  );
  if (unsigned !== undefined) throw refused(`its header ${unsigned} is not signed`);
  if (signed.some((name) => !Object.hasOwn(headers, name)))
    throw refused('it lacks a header that was signed');
}

function checkAge(amzDate: string, nowMs: number): void {
  const [, year, month, day, hour, minute, second] = AMZ_DATE.exec(amzDate) ?? [];
  const signedAtMs = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  if (Number.isNaN(signedAtMs)) throw refused('its x-amz-date is malformed');
  if (Math.abs(nowMs - signedAtMs) <= IDENTITY_REQUEST_MAX_AGE_MS) return;
  throw refused(
    `it was signed at ${amzDate}, more than 5 minutes from ${new Date(nowMs).toISOString()}; compare the clocks`,
  );
}

/** @param why follows "the identity request is refused: " */
export function refused(why: string): AppError {
  return new AppError('workload-refused', { publicMessage: `The identity request is refused: ${why}.` });
}
