// The two AWS stand-ins that the contract suite runs on, brought to one shape: the lab, strict, and moto, by other people.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { CreateAliasCommand, CreateKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { keyUsePolicy, seedDemo, startAwsLab } from '@sallyport/testkit/lab';
import { startMoto, whyNoMoto } from '@sallyport/testkit';

/** What the suite needs of a stand-in. */
export type World = {
  endpoints: { kms: string; sts: string };
  keyArn: string;
  /** Points to the key. */
  aliasArn: string;
  /** Another key that the same identities may use. */
  otherKeyArn: string;
  roleArn: string;
  externalId: string;
  /** A pair that may use the keys and assume the role. */
  accessKeyId: string;
  secretAccessKey: string;
  /** Environment of a host with an instance profile that may do the same. */
  instanceEnv: Record<string, string>;
  /** Requests to the instance metadata service so far. */
  metadataRequests(): number;
  /** Runs `work` with signatures checked, in worlds that do not always. */
  strictly<T>(work: () => Promise<T>): Promise<T>;
  /** Changes the state of the key; a world that cannot skips the tests that need it. */
  setKeyState(state: 'Enabled' | 'Disabled' | 'PendingDeletion'): Promise<void>;
  close(): Promise<void>;
};

/** How to start a world, and which promises it cannot check. */
export type WorldKind = {
  name: string;
  /** Why none of the suite can run here; `null` when it can. */
  missing: string | null;
  start: () => Promise<World>;
  /** By the name of the test: why it is skipped. */
  skips: Readonly<Record<string, string>>;
};

async function startLabWorld(): Promise<World> {
  const lab = await startAwsLab();
  const demo = seedDemo(lab);
  const other = lab.keys.create();
  const keyArns = [demo.keyArn, other.arn];
  const use = keyArns.map((keyArn) => keyUsePolicy({ keyArn }));
  const assume = { Effect: 'Allow', Action: 'sts:AssumeRole', Resource: demo.roleArn } as const;
  const policies = [...use, { Version: '2012-10-17', Statement: assume } as const];
  lab.identities.setUserPolicies({ arn: demo.userArn, policies });
  lab.identities.updateRole({ arn: demo.roleArn, policies: use });
  return {
    endpoints: { kms: lab.kmsEndpoint, sts: lab.stsEndpoint },
    keyArn: demo.keyArn,
    aliasArn: demo.keyAliasArn,
    otherKeyArn: other.arn,
    roleArn: demo.roleArn,
    externalId: demo.externalId,
    accessKeyId: demo.accessKeyId,
    secretAccessKey: demo.secretAccessKey,
    instanceEnv: { AWS_EC2_METADATA_SERVICE_ENDPOINT: lab.imdsEndpoint },
    metadataRequests: () => lab.calls({ service: 'imds' }).length,
    strictly: async (work) => work(),
    setKeyState: async (state) => lab.keys.setState({ arn: demo.keyArn, state }),
    close: async () => lab.close(),
  };
}

const MOTO_ROLE = 'arn:aws:iam::123456789012:role/sallyport';

async function startMotoWorld(): Promise<World> {
  const moto = await startMoto();
  const admin = {
    region: 'eu-west-1',
    endpoint: moto.url,
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  };
  const kms = new KMSClient(admin);
  const created = await kms.send(new CreateKeyCommand({}));
  const other = await kms.send(new CreateKeyCommand({}));
  const keyArn = created.KeyMetadata?.Arn ?? '';
  await kms.send(new CreateAliasCommand({ AliasName: 'alias/secrets', TargetKeyId: keyArn }));
  const sts = new STSClient(admin);
  const session = await sts.send(new AssumeRoleCommand({ RoleArn: MOTO_ROLE, RoleSessionName: 'instance' }));
  const metadata = await startMetadata(session.Credentials ?? {});
  kms.destroy();
  sts.destroy();
  return {
    endpoints: { kms: moto.url, sts: moto.url },
    keyArn,
    aliasArn: keyArn.replace(/key\/.*/, 'alias/secrets'),
    otherKeyArn: other.KeyMetadata?.Arn ?? '',
    roleArn: MOTO_ROLE,
    externalId: 'ext-4711',
    accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
    secretAccessKey: 'secret',
    instanceEnv: { AWS_EC2_METADATA_SERVICE_ENDPOINT: metadata.url },
    metadataRequests: metadata.requests,
    strictly: async (work) => {
      await moto.setAuthentication('on');
      try {
        return await work();
      } finally {
        await moto.setAuthentication('off');
      }
    },
    setKeyState: () => Promise.reject(new Error('moto lets keys be used in every state')),
    close: async () => {
      metadata.close();
      await moto.stop();
    },
  };
}

/** Instance metadata that hands out a session of moto's; moto has no such service of its own. */
async function startMetadata(
  credentials: Partial<Record<'AccessKeyId' | 'SecretAccessKey' | 'SessionToken', string>>,
) {
  let requests = 0;
  const document = {
    Code: 'Success',
    AccessKeyId: credentials.AccessKeyId,
    SecretAccessKey: credentials.SecretAccessKey,
    Token: credentials.SessionToken,
    Expiration: new Date(Date.now() + 3_600_000),
  };
  const server = createServer((request, answer) => {
    requests += 1;
    const isAllowed = request.method === 'PUT' || request.headers['x-aws-ec2-metadata-token'] === 'token';
    const content = request.url?.endsWith('/') ? 'inst' : JSON.stringify(document);
    answer.writeHead(isAllowed ? 200 : 401).end(request.method === 'PUT' ? 'token' : content);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, requests: () => requests, close: () => server.close() };
}

const ANY_STATE = 'moto lets keys be used in every state';

/** All worlds. The names of `skips` are those of the tests; the suite checks that each of them is one. */
export const WORLDS: readonly WorldKind[] = [
  { name: 'the lab', missing: null, start: startLabWorld, skips: {} },
  {
    name: 'moto',
    missing: whyNoMoto(),
    start: startMotoWorld,
    skips: {
      'a disabled key is refused': ANY_STATE,
      'a key that is pending deletion is refused': ANY_STATE,
      'a data key that another key wrapped does not open': 'moto answers AccessDenied and not IncorrectKey',
      'a wrong external ID is refused':
        'moto takes any external ID unless it checks signatures, and then only roles that it has',
      'that the external ID is demanded is proved': 'moto takes a role without its external ID',
      'a duration above the maximum of the role is refused': 'moto takes any duration',
    },
  },
];
