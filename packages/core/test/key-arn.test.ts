// Key ARNs: every partition parses, everything that KMS would resolve in a surprising way is refused with words that help.
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  AppError,
  checkExternalId,
  isSameMultiRegionKey,
  parseKeyArn,
  parseRoleArn,
  partitionOfRegion,
  requireRegionOf,
} from '@sallyport/core';

const UUID = '1234abcd-12ab-34cd-56ef-1234567890ab';
const MRK = `mrk-${'0123456789abcdef'.repeat(2)}`;

const REGIONS: [string, string][] = [
  ['aws', 'us-east-1'],
  ['aws', 'eu-central-1'],
  ['aws', 'ap-southeast-2'],
  ['aws', 'mx-central-1'],
  ['aws', 'il-central-1'],
  ['aws-cn', 'cn-north-1'],
  ['aws-us-gov', 'us-gov-west-1'],
  ['aws-iso', 'us-iso-east-1'],
  ['aws-iso-b', 'us-isob-east-1'],
  ['aws-iso-e', 'eu-isoe-west-1'],
  ['aws-iso-f', 'us-isof-south-1'],
  ['aws-eusc', 'eusc-de-east-1'],
];

function refusal(run: () => unknown): AppError {
  try {
    run();
  } catch (thrown) {
    if (thrown instanceof AppError) return thrown;
    throw thrown;
  }
  throw new Error('nothing was refused');
}

describe('key ARNs', () => {
  test.each(REGIONS)('a key and an alias in %s %s parse into their parts', (partition, region) => {
    const key = parseKeyArn(`arn:${partition}:kms:${region}:111122223333:key/${UUID}`);
    expect(key).toMatchObject({
      partition,
      region,
      accountId: '111122223333',
      type: 'key',
      keyId: UUID,
      multiRegion: false,
    });
    const alias = parseKeyArn(`arn:${partition}:kms:${region}:111122223333:alias/team/main_key-1`);
    expect(alias).toMatchObject({ partition, region, type: 'alias', alias: 'alias/team/main_key-1' });
    expect(partitionOfRegion(region)).toBe(partition);
  });

  test('a multi-region key is recognised, an alias that is merely named like one is not', () => {
    const key = parseKeyArn(`arn:aws:kms:eu-west-1:111122223333:key/${MRK}`);
    expect(key).toMatchObject({ type: 'key', multiRegion: true, keyId: MRK });
    expect(parseKeyArn('arn:aws:kms:eu-west-1:111122223333:alias/mrk-1').type).toBe('alias');
    const replica = parseKeyArn(`arn:aws:kms:us-east-1:111122223333:key/${MRK}`);
    const foreign = parseKeyArn(`arn:aws:kms:us-east-1:444455556666:key/${MRK}`);
    expect(isSameMultiRegionKey(key, replica)).toBe(true);
    expect(isSameMultiRegionKey(key, foreign)).toBe(false);
  });

  test.each([
    ['', 'does not start with'],
    [UUID, 'full ARN'],
    ['alias/main', 'full ARN'],
    [MRK, 'full ARN'],
    [`arn:aws:kms:eu-west-1:111122223333:key/${UUID}:x`, '7 parts'],
    [`arn:aws:s3:eu-west-1:111122223333:key/${UUID}`, 'service is "s3"'],
    [`arn:aws:kms:eu-west-1:11112222333:key/${UUID}`, '12 digits'],
    [`arn:aws:kms:eu-west-1.evil.example:111122223333:key/${UUID}`, 'not an AWS region'],
    [`arn:aws:kms:cn-north-1:111122223333:key/${UUID}`, 'belongs to partition "aws-cn"'],
    [`arn:aws:kms:eu-west-1:111122223333:key/${UUID.toUpperCase()}`, 'lower-case UUID'],
    [`arn:aws:kms:eu-west-1:111122223333:key/mrk-${UUID}`, 'lower-case UUID'],
    ['arn:aws:kms:eu-west-1:111122223333:alias/aws/secretsmanager', 'managed by AWS'],
    ['arn:aws:kms:eu-west-1:111122223333:alias/a b', 'alias has characters'],
    ['arn:aws:kms:eu-west-1:111122223333:alias/', 'alias has characters'],
    [`arn:aws:kms:eu-west-1:111122223333:${UUID}`, 'neither "key/…" nor "alias/…"'],
    [` arn:aws:kms:eu-west-1:111122223333:key/${UUID}`, 'does not start with'],
    [`arn:aws:kms:eu-west-1:111122223333:key/${'a'.repeat(3000)}`, 'too long'],
  ])('%s is refused: %s', (text, words) => {
    const error = refusal(() => parseKeyArn(text));
    expect(error.code).toBe('invalid-key-arn');
    expect(error.publicMessage).toContain(words);
  });

  test('no text at all makes the parser do anything but return or refuse', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.string().map((s) => `arn:aws:kms:eu-west-1:111122223333:${s}`),
        ),
        (text) => {
          try {
            expect(parseKeyArn(text).text).toBe(text);
          } catch (thrown) {
            expect(thrown).toMatchObject({ code: 'invalid-key-arn' });
          }
        },
      ),
    );
  });

  test('a region that disagrees with the ARN is refused and both are named', () => {
    const arn = parseKeyArn(`arn:aws:kms:eu-west-1:111122223333:key/${UUID}`);
    requireRegionOf(arn, 'eu-west-1');
    const error = refusal(() => requireRegionOf(arn, 'us-east-1'));
    expect(error.code).toBe('region-mismatch');
    expect(error.publicMessage).toContain('eu-west-1');
    expect(error.publicMessage).toContain('us-east-1');
  });
});

describe('role ARNs and external ids', () => {
  test('a role with and without a path parses', () => {
    expect(parseRoleArn('arn:aws:iam::111122223333:role/sallyport')).toMatchObject({ roleName: 'sallyport' });
    expect(parseRoleArn('arn:aws-cn:iam::111122223333:role/a/b/sally+port=1')).toMatchObject({
      partition: 'aws-cn',
      roleName: 'sally+port=1',
    });
  });

  test.each([
    'arn:aws:iam::111122223333:user/x',
    'arn:aws:iam:eu-west-1:111122223333:role/x',
    'arn:nope:iam::111122223333:role/x',
    'arn:aws:iam::1111:role/x',
    'arn:aws:iam::111122223333:role/',
    'arn:aws:iam::111122223333:role/ünïcode',
    `arn:aws:iam::111122223333:role/${'x'.repeat(65)}`,
  ])('%s is no role ARN', (text) => {
    expect(refusal(() => parseRoleArn(text)).code).toBe('invalid-role-arn');
  });

  test('external ids follow the pattern and lengths of AWS', () => {
    for (const good of ['ab', 'A_+=,.@:/-9', 'x'.repeat(1224)]) expect(checkExternalId(good)).toBe(good);
    for (const bad of ['', 'a', 'a b', 'é'.repeat(4), 'x'.repeat(1225)]) {
      expect(refusal(() => checkExternalId(bad)).code).toBe('invalid-external-id');
    }
  });
});
