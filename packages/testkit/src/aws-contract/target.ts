// What the contract suite needs of an implementation of KMS and STS, and the SDK clients that it drives it with.
import { CreateKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import type { CreateKeyCommandInput } from '@aws-sdk/client-kms';
import { STSClient } from '@aws-sdk/client-sts';
import { expect } from 'vitest';
import type { PolicyDocument } from '../aws-lab/index.ts';

export type ContractCredentials = {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string;
};

/** A running implementation. */
export type ContractTarget = {
  kmsEndpoint: string;
  stsEndpoint: string;
  region: string;
  accountId: string;
  /** A user that may do everything in the account. */
  admin: ContractCredentials & { arn: string };
  /** Makes a role in the account that may do everything, and returns its ARN. */
  createRole(role: {
    name: string;
    trustPolicy: PolicyDocument;
    maxSessionSeconds?: number;
  }): Promise<string>;
  stop(): Promise<void>;
};

/** A target with clients; each case gets one. */
export type ContractFixture = {
  target: ContractTarget;
  kms: KMSClient;
  sts: STSClient;
  kmsAs(credentials: ContractCredentials): KMSClient;
  stsAs(credentials: ContractCredentials): STSClient;
  /** Makes a key over the wire and returns its ARN. */
  createKey(input?: CreateKeyCommandInput): Promise<string>;
  /** A name that no other case uses. */
  uniqueName(stem: string): string;
  destroy(): void;
};

/** Makes the clients. One attempt per call, so that a refusal is seen at once. */
export function makeFixture(target: ContractTarget): ContractFixture {
  const clients: { destroy(): void }[] = [];
  const keep = <Client extends { destroy(): void }>(client: Client): Client => {
    clients.push(client);
    return client;
  };
  const kmsAs = (credentials: ContractCredentials): KMSClient =>
    keep(new KMSClient({ endpoint: target.kmsEndpoint, region: target.region, credentials, maxAttempts: 1 }));
  const stsAs = (credentials: ContractCredentials): STSClient =>
    keep(new STSClient({ endpoint: target.stsEndpoint, region: target.region, credentials, maxAttempts: 1 }));
  const kms = kmsAs(target.admin);
  let names = 0;
  return {
    target,
    kms,
    sts: stsAs(target.admin),
    kmsAs,
    stsAs,
    createKey: async (input = {}) => {
      const { KeyMetadata } = await kms.send(new CreateKeyCommand(input));
      return KeyMetadata?.Arn ?? '';
    },
    uniqueName: (stem) => {
      names += 1;
      return `${stem}-${names}`;
    },
    destroy: () => {
      for (const client of clients) client.destroy();
    },
  };
}

/** Expects a call to be refused with this AWS error name, and returns its message. */
export async function expectRefusal(call: Promise<unknown>, name: string): Promise<string> {
  const outcome = await call.then(
    () => ({ name: 'no error', message: '' }),
    (error: unknown) => (error instanceof Error ? error : new Error(String(error))),
  );
  expect(outcome.name).toBe(name);
  return outcome.message;
}
