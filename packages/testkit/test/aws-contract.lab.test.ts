// The AWS contract on the lab: no skips.
import { describeAwsContract } from '../src/aws-contract/index.ts';
import { DEFAULT_ACCOUNT_ID, DEFAULT_REGION, startAwsLab } from '../src/aws-lab/index.ts';
import type { PolicyDocument } from '../src/aws-lab/index.ts';

const EVERYTHING: PolicyDocument = {
  Version: '2012-10-17',
  Statement: { Effect: 'Allow', Action: '*', Resource: '*' },
};

describeAwsContract({
  name: 'AWS lab',
  start: async () => {
    const lab = await startAwsLab();
    return {
      kmsEndpoint: lab.kmsEndpoint,
      stsEndpoint: lab.stsEndpoint,
      region: DEFAULT_REGION,
      accountId: DEFAULT_ACCOUNT_ID,
      admin: lab.identities.createUser({ name: 'admin', policies: EVERYTHING }),
      createRole: async (role) => lab.identities.createRole({ ...role, policies: EVERYTHING }).arn,
      stop: async () => lab.close(),
    };
  },
});
