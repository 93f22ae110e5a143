// A lab that somebody can try Sallyport on at once: one key with an alias, an instance profile, a role to assume with an external ID,
// and a user with access keys. Running it again on a lab that kept its state finds the same things.
import { DEFAULT_ACCOUNT_ID } from './identity-store.ts';
import { aliasArn } from './key-store.ts';
import { DEFAULT_REGION } from './lab-key.ts';
import type { AwsLab } from './lab.ts';
import { assumeRolePolicy, keyUsePolicy, trustPrincipals, trustServices } from './policy-templates.ts';

/** What to paste into a secrets manager, and what a delegate needs in its environment. */
export type LabDemo = {
  region: string;
  keyArn: string;
  keyAliasArn: string;
  /** For the credentials type `sts-role`. */
  roleArn: string;
  externalId: string;
  /** For the credentials type `access-keys`. */
  userArn: string;
  accessKeyId: string;
  secretAccessKey: string;
  /** Role of the instance profile: what the credentials type `iam-role` finds on this host. */
  instanceRoleArn: string;
  /** Environment variables for a delegate: the endpoints of the lab instead of AWS's. */
  environment: Readonly<Record<string, string>>;
};

const ALIAS_NAME = 'alias/sallyport-demo';
const INSTANCE_ROLE = 'sallyport-delegate';
const KEY_ROLE = 'sallyport-keys';
const USER = 'sallyport-user';

/** Makes the demo's keys and identities, or finds those that a state file brought back. */
export function seedDemo(lab: AwsLab): LabDemo {
  const keyAliasArn = aliasArn({ region: DEFAULT_REGION, accountId: DEFAULT_ACCOUNT_ID, name: ALIAS_NAME });
  const keyArn = lab.keys.targetOf(keyAliasArn) ?? lab.keys.create({ description: 'Sallyport demo' }).arn;
  lab.keys.setAlias({ name: ALIAS_NAME, arn: keyArn });
  const roleArn = iamArn('role', KEY_ROLE);
  const instanceRoleArn = iamArn('role', INSTANCE_ROLE);
  const userArn = iamArn('user', USER);
  const externalId = `sallyport-demo:${lab.keys.get(keyArn).keyId}`;
  const hasRole = (arn: string): boolean => lab.identities.roles().some((role) => role.arn === arn);
  if (!hasRole(instanceRoleArn)) {
    lab.identities.createRole({
      name: INSTANCE_ROLE,
      trustPolicy: trustServices(['ec2.amazonaws.com', 'ecs-tasks.amazonaws.com']),
      policies: [keyUsePolicy({ keyArn }), assumeRolePolicy(roleArn)],
    });
  }
  const user =
    lab.identities.users().find(({ arn }) => arn === userArn) ??
    lab.identities.createUser({
      name: USER,
      policies: [keyUsePolicy({ keyArn }), assumeRolePolicy(roleArn)],
    });
  if (!hasRole(roleArn)) {
    lab.identities.createRole({
      name: KEY_ROLE,
      trustPolicy: trustPrincipals({ principals: [instanceRoleArn, userArn], externalId }),
      policies: keyUsePolicy({ keyArn }),
    });
  }
  lab.imds.set({ roleArn: instanceRoleArn });
  const pair = user.accessKeys[0] ?? lab.identities.createAccessKey(userArn);
  return {
    region: DEFAULT_REGION,
    keyArn,
    keyAliasArn,
    roleArn,
    externalId,
    userArn,
    ...pair,
    instanceRoleArn,
    environment: {
      AWS_ENDPOINT_URL_KMS: lab.kmsEndpoint,
      AWS_ENDPOINT_URL_STS: lab.stsEndpoint,
      AWS_EC2_METADATA_SERVICE_ENDPOINT: lab.imdsEndpoint,
      AWS_EC2_METADATA_V1_DISABLED: 'true',
      AWS_REGION: DEFAULT_REGION,
    },
  };
}

function iamArn(kind: 'role' | 'user', name: string): string {
  return `arn:aws:iam::${DEFAULT_ACCOUNT_ID}:${kind}/${name}`;
}
