// The workload's side: signs a `GetCallerIdentity` request for one server. Nothing is sent; whoever holds the credentials learns nothing
// new, and whoever gets the request learns nothing of the credentials but the access key id and the session token, which are of no use
// without the secret key.
import { createHash, createHmac } from 'node:crypto';
import { SignatureV4 } from '@smithy/signature-v4';
import { AppError } from '@sallyport/core';
import type { AwsIdentity } from '../credentials/aws-identity.ts';
import { AUDIENCE_HEADER, FORM_TYPE, IDENTITY_BODY, isAudience } from './identity-request.ts';
import type { IdentityRequest } from './identity-request.ts';
import { stsHostOf } from './sts-host.ts';

export type PresignOptions = {
  /** Where STS is to be asked; any region that the role may be used in. */
  region: string;
  credentials: AwsIdentity;
  /** Address of the server that the request is for, as that server knows itself. */
  audience: string;
  nowMs: number;
  /** Sign for the FIPS endpoint of the region. */
  isFips?: boolean;
};

/**
 * Signs the request. It is good for five minutes.
 * @throws {invalid-request} when the region does not exist or the audience is no address
 */
export async function presignCallerIdentity(options: PresignOptions): Promise<IdentityRequest> {
  const { region, credentials, audience, nowMs, isFips = false } = options;
  const host = stsHostOf(region, { isFips });
  if (host === null) throw invalid('There is no AWS region of this name.');
  if (!isAudience(audience)) throw invalid('The address of the server has characters that cannot be signed.');
  // The checksum of the body is a part of the signature with or without a header of its own.
  const signer = new SignatureV4({
    service: 'sts',
    region,
    credentials,
    sha256: Sha256,
    applyChecksum: false,
  });
  const unsigned = {
    method: 'POST',
    protocol: 'https:',
    hostname: host,
    path: '/',
    query: {},
    headers: { host, 'content-type': FORM_TYPE, [AUDIENCE_HEADER]: audience },
    body: IDENTITY_BODY,
  };
  const { headers } = await signer.sign(unsigned, { signingDate: new Date(nowMs) });
  return { url: `https://${host}/`, headers, body: IDENTITY_BODY };
}

type Bytes = string | ArrayBuffer | ArrayBufferView;

/** SHA-256, or its HMAC when there is a key, in the form in which the signer wants it. */
class Sha256 {
  readonly #key: Buffer | null;
  #hash: { update(data: Buffer): unknown; digest(): Buffer };

  constructor(key?: Bytes) {
    this.#key = key === undefined ? null : bufferOf(key);
    this.#hash = this.#fresh();
  }

  update(data: Bytes): void {
    this.#hash.update(bufferOf(data));
  }

  async digest(): Promise<Uint8Array> {
    return Promise.resolve(this.#hash.digest());
  }

  reset(): void {
    this.#hash = this.#fresh();
  }

  #fresh() {
    return this.#key === null ? createHash('sha256') : createHmac('sha256', this.#key);
  }
}

function bufferOf(data: Bytes): Buffer {
  if (typeof data === 'string') return Buffer.from(data, 'utf8');
  return ArrayBuffer.isView(data)
    ? Buffer.from(data.buffer, data.byteOffset, data.byteLength)
    : Buffer.from(data);
}

function invalid(publicMessage: string): AppError {
  return new AppError('invalid-request', { publicMessage });
}
