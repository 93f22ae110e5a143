// Moto as a target of the AWS contract. Users and roles are made through moto's IAM with its authentication off; then it is turned on,
// so that signatures are really verified.
import type { ContractTarget } from '../src/aws-contract/index.ts';
import type { PolicyDocument } from '../src/aws-lab/index.ts';
import { startMoto } from '../src/index.ts';

const ACCOUNT_ID = '123456789012';
const REGION = 'eu-west-1';
const EVERYTHING: PolicyDocument = {
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }],
};

/** Starts moto with one administrator. */
export async function startMotoTarget(): Promise<ContractTarget> {
  const moto = await startMoto();
  const iam = async (parameters: Record<string, string>): Promise<string> => callIam(moto.url, parameters);
  const policy = { PolicyName: 'everything', PolicyDocument: JSON.stringify(EVERYTHING) };
  await iam({ Action: 'CreateUser', UserName: 'admin' });
  await iam({ Action: 'PutUserPolicy', UserName: 'admin', ...policy });
  const key = await iam({ Action: 'CreateAccessKey', UserName: 'admin' });
  await moto.setAuthentication('on');
  return {
    kmsEndpoint: moto.url,
    stsEndpoint: moto.url,
    region: REGION,
    accountId: ACCOUNT_ID,
    admin: {
      arn: `arn:aws:iam::${ACCOUNT_ID}:user/admin`,
      accessKeyId: elementOf(key, 'AccessKeyId'),
      secretAccessKey: elementOf(key, 'SecretAccessKey'),
    },
    createRole: async ({ name, trustPolicy, maxSessionSeconds = 3600 }) => {
      await moto.setAuthentication('off');
      const made = await iam({
        Action: 'CreateRole',
        RoleName: name,
        AssumeRolePolicyDocument: JSON.stringify(trustPolicy),
        MaxSessionDuration: String(maxSessionSeconds),
      });
      await iam({ Action: 'PutRolePolicy', RoleName: name, ...policy });
      await moto.setAuthentication('on');
      return elementOf(made, 'Arn');
    },
    stop: async () => moto.stop(),
  };
}

async function callIam(url: string, parameters: Record<string, string>): Promise<string> {
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      // Moto finds the service in the scope of the credential; it does not verify this signature while authentication is off.
      authorization: `AWS4-HMAC-SHA256 Credential=setup/20260101/us-east-1/iam/aws4_request, SignedHeaders=host, Signature=${'0'.repeat(64)}`,
      'content-type': 'application/x-www-form-urlencoded',
    },
    body: new URLSearchParams({ ...parameters, Version: '2010-05-08' }).toString(),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`moto refused ${parameters['Action']}: ${text}`);
  return text;
}

function elementOf(xml: string, name: string): string {
  return new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1] ?? '';
}
