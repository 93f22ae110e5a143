// Checks of what AssumeRole takes: role ARN, external ID, duration. AWS's own limits (spec aws.md A4); the SDK checks none of them.
import { AppError } from '../errors/app-error.ts';
import { PARTITION_NAMES } from './partition.ts';
import type { Partition } from './partition.ts';

/** A parsed IAM role ARN. */
export type RoleArn = {
  text: string;
  partition: Partition;
  accountId: string;
  /** Without its path. */ roleName: string;
};

/** AWS takes sessions of 900 to 43,200 seconds; a role's own maximum may be lower, and role chaining stops at 3,600. */
export const ASSUME_ROLE_DURATION = { minSeconds: 900, maxSeconds: 43_200, defaultSeconds: 3600 } as const;

const ROLE_RESOURCE = /^role\/(?:[\x21-\x7e]{1,510}\/)?([A-Za-z0-9_+=,.@-]{1,64})$/;
const EXTERNAL_ID = /^[A-Za-z0-9_+=,.@:/-]{2,1224}$/;

/**
 * Parses an IAM role ARN.
 * @throws {invalid-role-arn}
 */
export function parseRoleArn(text: string): RoleArn {
  const parts = text.split(':');
  const [, partitionText = '', service = '', region = '', accountId = ''] = parts;
  const resource = parts.slice(5).join(':');
  const partition = PARTITION_NAMES.find((name) => name === partitionText);
  if (text.length > 2048 || parts[0] !== 'arn' || service !== 'iam' || region !== '')
    throw wrong('it does not start with "arn:aws:iam::"');
  if (partition === undefined) throw wrong('its partition is unknown');
  if (!/^\d{12}$/.test(accountId)) throw wrong('its account id is not 12 digits');
  const roleName = ROLE_RESOURCE.exec(resource)?.[1];
  if (roleName === undefined) throw wrong('its resource is not "role/" and a role name');
  return { text, partition, accountId, roleName };
}

/**
 * Checks an external ID against AWS's pattern: 2 to 1,224 of letters, digits and `_+=,.@:/-`.
 * @throws {invalid-external-id}
 */
export function checkExternalId(text: string): string {
  if (EXTERNAL_ID.test(text)) return text;
  throw new AppError('invalid-external-id', {
    publicMessage:
      'The external ID must have 2 to 1,224 characters out of letters, digits and _ + = , . @ : / -',
  });
}

function wrong(why: string): AppError {
  return new AppError('invalid-role-arn', {
    publicMessage: `This is not an IAM role ARN: ${why}. A role ARN looks like arn:aws:iam::111122223333:role/sallyport.`,
  });
}
