// What is known of a running AWS lab: what a delegate needs in its environment, and what a person can paste to try it. The lab runs in a
// process of its own, so this travels as plain strings.
import { AppError } from '@sallyport/core';
import { LOCAL_DELEGATE } from './installation.ts';

const NAMES = [
  'address',
  'region',
  'keyArn',
  'keyAliasArn',
  'roleArn',
  'externalId',
  'accessKeyId',
  'secretAccessKey',
] as const;
const VARIABLE = 'variable:';

/** Facts of a lab. */
export type LabFacts = Record<(typeof NAMES)[number], string> & {
  /** Variables for the environment of a delegate. */
  environment: Readonly<Record<string, string>>;
};

/** As the lab's process reports them. */
export function printLabFacts({ environment, ...facts }: LabFacts): Record<string, string> {
  const variables = Object.entries(environment).map(([name, value]) => [VARIABLE + name, value] as const);
  return { ...facts, ...Object.fromEntries(variables) };
}

/** As the supervisor takes them in. @throws {internal} when one is missing */
export function parseLabFacts(reported: Readonly<Record<string, string>>): LabFacts {
  const facts = Object.fromEntries(
    NAMES.map((name) => {
      const value = reported[name];
      if (value === undefined) {
        throw new AppError('internal', { publicMessage: `The AWS lab did not report its ${name}.` });
      }
      return [name, value];
    }),
  ) as Record<(typeof NAMES)[number], string>;
  const variables = Object.entries(reported).filter(([name]) => name.startsWith(VARIABLE));
  return {
    ...facts,
    environment: Object.fromEntries(variables.map(([name, value]) => [name.slice(VARIABLE.length), value])),
  };
}

/** Lines for a person: what the lab is, and one line to paste for each credentials type. */
export function labHints(lab: LabFacts): string[] {
  const add = (name: string, rest: string): string =>
    `  npx sallyport secrets-manager add aws-kms --name ${name} --selector ${LOCAL_DELEGATE} --key-arn ${lab.keyArn} ${rest}`;
  return [
    `AWS lab at ${lab.address}. It is NOT AWS: it behaves like KMS, STS and the instance metadata service, and protects nothing.`,
    `  key ARN:     ${lab.keyArn}`,
    `  role ARN:    ${lab.roleArn}`,
    `  external ID: ${lab.externalId}`,
    '',
    'Try AWS KMS with it; each line adds a secrets manager, one per credentials type:',
    add('lab-role', `--credentials sts-role --role-arn ${lab.roleArn} --external-id ${lab.externalId}`),
    add('lab-host', '--credentials iam-role'),
    add('lab-keys', `--credentials access-keys --access-key-id ${lab.accessKeyId}`),
    `  (it asks for the secret key, which is ${lab.secretAccessKey} in this lab)`,
    '',
  ];
}
