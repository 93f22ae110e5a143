// Sends a checked identity request to STS and reads who signed it. The host that was signed stays in the request's header whatever
// endpoint it is sent to. A redirect is never followed, and what STS answers is read as the one document that it is.
import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { isIP } from 'node:net';
import { AppError } from '@sallyport/core';
import type { IdentityCall } from '../failure/aws-call.ts';
import { isThrottle } from '../failure/aws-error.ts';
import { classifyAwsFailure } from '../failure/classify.ts';
import { refused } from './check-identity-request.ts';
import type { CheckedIdentityRequest } from './check-identity-request.ts';
import { IDENTITY_BODY } from './identity-request.ts';

/** Who signed a request, as STS says. */
export type VerifiedIdentity = {
  /** E.g. `arn:aws:sts::111122223333:assumed-role/ROLE/SESSION`. */
  arn: string;
  /** Twelve digits. */
  accountId: string;
  /** E.g. `AROA…:SESSION`. */
  userId: string;
};

type StsAnswer = { statusCode: number; body: string };

const ANSWER_MAX_BYTES = 65_536;
const ARN = /^arn:[a-z-]{3,20}:(?:iam|sts)::(\d{12}):[\x21-\x7e]{1,1900}$/;
const RESULT =
  /^\s*(?:<\?xml[^<>]*\?>\s*)?<GetCallerIdentityResponse xmlns="https:\/\/sts\.amazonaws\.com\/doc\/2011-06-15\/">\s*<GetCallerIdentityResult>((?:\s*<(?:Arn|UserId|Account)>[^<>&]*<\/(?:Arn|UserId|Account)>)*)\s*<\/GetCallerIdentityResult>/;
const ERROR = /<Error>[\s\S]{0,2000}?<Code>(\w{1,100})<\/Code>/;

/**
 * @param options.endpoint in place of AWS's own; `null`: none
 * @throws {workload-refused} when STS refuses the signature
 * @throws {aws-unreachable} {aws-throttled} {aws-failed} when STS could not be asked
 */
export async function sendIdentityRequest(
  request: CheckedIdentityRequest,
  options: { endpoint: string | null; signal: AbortSignal },
): Promise<VerifiedIdentity> {
  const call: IdentityCall = {
    service: 'sts',
    purpose: 'identity',
    action: 'sts:GetCallerIdentity',
    region: request.place.region,
    endpoint: options.endpoint,
  };
  const target = new URL(options.endpoint ?? `https://${request.host}`);
  const answer = await send(request, { target, signal: options.signal });
  if (answer.statusCode === 200) {
    const identity = identityIn(answer.body);
    if (identity !== null) return identity;
    throw new AppError('aws-failed', {
      publicMessage: `STS in ${call.region} gave an answer to GetCallerIdentity that cannot be read.`,
      data: { stage: 'credentials', action: call.action, region: call.region },
    });
  }
  throw failureOf(answer, call);
}

async function send(
  request: CheckedIdentityRequest,
  options: { target: URL; signal: AbortSignal },
): Promise<StsAnswer> {
  const { target, signal } = options;
  const { promise, resolve, reject } = Promise.withResolvers<StsAnswer>();
  const isTls = target.protocol === 'https:';
  const outgoing = (isTls ? requestHttps : requestHttp)(target, {
    method: 'POST',
    headers: { ...request.headers, 'content-length': String(IDENTITY_BODY.length) },
    agent: false,
    signal,
    // Otherwise Node would compare the certificate with the `host` header, which an endpoint of one's own does not answer to.
    ...(isTls && isIP(target.hostname) === 0 ? { servername: target.hostname } : {}),
  });
  outgoing.on('error', reject);
  outgoing.on('response', (incoming) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    incoming.on('error', reject);
    incoming.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > ANSWER_MAX_BYTES) incoming.destroy(new Error('the answer is too long'));
      else chunks.push(chunk);
    });
    incoming.on('end', () => {
      resolve({ statusCode: incoming.statusCode ?? 0, body: Buffer.concat(chunks).toString('utf8') });
    });
  });
  outgoing.end(IDENTITY_BODY);
  return promise;
}

function identityIn(body: string): VerifiedIdentity | null {
  const fields = RESULT.exec(body)?.[1];
  if (fields === undefined) return null;
  const field = (name: string): string => {
    const found = [...fields.matchAll(/<(\w+)>([^<>&]*)<\/(\w+)>/g)].filter(
      ([, opened, , closed]) => opened === name && closed === name,
    );
    return found.length === 1 ? (found[0]?.[2] ?? '') : '';
  };
  const identity = { arn: field('Arn'), accountId: field('Account'), userId: field('UserId') };
  const isWhole = ARN.exec(identity.arn)?.[1] === identity.accountId && identity.userId !== '';
  return isWhole ? identity : null;
}

function failureOf(answer: StsAnswer, call: IdentityCall): AppError {
  const { statusCode } = answer;
  const code = ERROR.exec(answer.body)?.[1];
  const $metadata = { httpStatusCode: statusCode };
  if (code === undefined) return classifyAwsFailure({ name: 'Error', $metadata }, call);
  const failure = { name: code, message: code, $fault: 'client', $metadata };
  if (statusCode >= 500 || statusCode < 400 || isThrottle(failure)) return classifyAwsFailure(failure, call);
  return refused(`STS does not accept it (${code})`);
}
