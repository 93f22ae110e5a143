// For workloads without a stored key: exchanges an identity that the workload has elsewhere for keys that live for minutes, one after the
// other for as long as the client is used.
import type { AwsIdentityRequest } from '@sallyport/protocol';
import { createClient } from './node-client.ts';
import type { TokenForAWhile, TokenSource } from './token-source.ts';

/** What a workload shows: a token of its issuer, or a signed request that says who it is at AWS. */
export type WorkloadIdentity = { token: string } | { awsRequest: AwsIdentityRequest };

export type WorkloadTokenOptions = {
  /** Where the server is. */
  address: string;
  /** The issuer as the server knows it, by name or id. */
  issuer: string;
  /** Gets a fresh identity; called for each exchange, e.g. reads the token file that Kubernetes renews. */
  identity: () => Promise<WorkloadIdentity>;
  /** Certificates of authorities to trust instead of the system's, PEM. */
  caPem?: string;
  /** Permit plain http to a server beyond this machine. Default false. */
  allowPlainHttp?: boolean;
};

/**
 * A source of keys for `createClient`.
 * @returns a function that throws {workload-refused} {rate-limited} {unreachable}, for AWS also {no-delegate} {aws-unreachable}
 * {aws-throttled}, and what `identity` throws
 */
export function workloadToken(options: WorkloadTokenOptions): TokenSource {
  const { issuer, identity, ...connection } = options;
  return async (): Promise<TokenForAWhile> => {
    const client = createClient({ ...connection, token: null });
    try {
      const body = { issuer, ...(await identity()) };
      const { value, expiresAtMs } = await client.call('exchangeWorkloadIdentity', { body });
      return { value, expiresAtMs };
    } finally {
      client.close();
    }
  };
}
