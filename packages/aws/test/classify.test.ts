// What each failure of AWS becomes: code, stage, and the words that a person reads.
import { describe, expect, test } from 'vitest';
import { AppError } from '@sallyport/core';
import { classifyAwsFailure } from '../src/index.ts';
import type { AssumeRoleCall, AwsCall, KmsCall } from '../src/index.ts';
import { DeadlineExceeded } from '../src/connection/deadline.ts';

const KEY = 'arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab';
const USER = 'arn:aws:iam::111122223333:role/delegate';
const ROLE = 'arn:aws:iam::111122223333:role/sallyport';
const place = { region: 'eu-west-1', endpoint: null };

const decrypt: KmsCall = {
  ...place,
  service: 'kms',
  action: 'kms:Decrypt',
  keyArn: KEY,
  principalArn: USER,
  contextKeys: ['sallyport:secret', 'stage'],
};
const assume: AssumeRoleCall = {
  ...place,
  service: 'sts',
  purpose: 'assume-role',
  action: 'sts:AssumeRole',
  roleArn: ROLE,
  externalId: 'ext-4711',
  durationSeconds: 7200,
  principalArn: USER,
};
const webIdentity: AwsCall = {
  ...place,
  service: 'sts',
  purpose: 'web-identity',
  action: 'sts:AssumeRoleWithWebIdentity',
  roleArn: ROLE,
};

/** An error as the SDK throws it for an answer of AWS. */
const fromAws = (name: string, message = 'UnknownError', httpStatusCode = 400) =>
  Object.assign(new Error(message), {
    name,
    $fault: 'client',
    $metadata: { httpStatusCode, requestId: 'req-1' },
  });

/** An error as the SDK throws it for an answer that it cannot read. */
const unreadable = (httpStatusCode: number, name = 'SyntaxError') =>
  Object.assign(new Error('Unexpected token <'), { name, $metadata: { httpStatusCode } });

const network = (code: string) => Object.assign(new Error(`connect ${code}`), { code });

describe('failures of KMS', () => {
  test.each([
    ['NotFoundException', 'key-unusable', 'key', false, /has no key arn:aws:kms/],
    ['DisabledException', 'key-unusable', 'key', false, /is disabled or scheduled for deletion/],
    ['KMSInvalidStateException', 'key-unusable', 'key', false, /pending deletion, pending import/],
    ['InvalidKeyUsageException', 'key-unusable', 'key', false, /of a kind that cannot protect data keys/],
    [
      'UnsupportedOperationException',
      'key-unusable',
      'key',
      false,
      /of a kind that cannot protect data keys/,
    ],
    ['InvalidArnException', 'key-unusable', 'key', false, /refuses the request for the key/],
    ['ValidationException', 'key-unusable', 'key', false, /refuses the request for the key/],
    ['IncorrectKeyException', 'key-unusable', 'key', false, /was not wrapped by the key/],
    ['InvalidCiphertextException', 'context-rejected', 'context', false, /did not open a data key/],
    [
      'AccessDeniedException',
      'access-denied',
      'permission',
      false,
      /kms:Decrypt on the key arn:aws:kms.* is not allowed to arn:aws:iam::111122223333:role\/delegate/,
    ],
    ['ThrottlingException', 'aws-throttled', 'key', true, /throttles the requests of this account/],
    ['TooManyRequestsException', 'aws-throttled', 'key', true, /throttles/],
    ['LimitExceededException', 'aws-throttled', 'key', true, /throttles/],
    [
      'KMSInternalException',
      'aws-failed',
      'key',
      true,
      /kms:Decrypt failed at KMS in eu-west-1: KMSInternalException/,
    ],
    ['KeyUnavailableException', 'aws-failed', 'key', true, /KeyUnavailableException/],
    ['DependencyTimeoutException', 'aws-failed', 'key', true, /DependencyTimeoutException/],
    ['UnrecognizedClientException', 'aws-credentials', 'credentials', false, /does not know the access key/],
    ['InvalidSignatureException', 'aws-credentials', 'credentials', false, /refuses the signature/],
    ['ExpiredTokenException', 'aws-credentials', 'credentials', false, /has expired/],
    ['SomethingNewException', 'aws-failed', 'key', false, /SomethingNewException/],
  ] as const)('%s is %s at stage %s', (...expected) => {
    const [name, code, stage, retryable, words] = expected;
    // The status is deliberately one that fits none of them: it must not matter.
    const error = classifyAwsFailure(fromAws(name, 'UnknownError', 418), decrypt);
    expect(error).toMatchObject({ code, retryable, data: { stage, awsCode: name, requestId: 'req-1' } });
    expect(error.publicMessage).toMatch(words);
    expect(error.data.hint).toBeTypeOf('string');
  });

  test('a denial carries the statement for the key policy and the one for the caller, with the real ARNs', () => {
    const { data } = classifyAwsFailure(fromAws('AccessDeniedException'), decrypt);
    expect(JSON.parse(data.missingStatement ?? '')).toEqual({
      Sid: 'AllowSallyport',
      Effect: 'Allow',
      Principal: { AWS: USER },
      Action: 'kms:Decrypt',
      Resource: KEY,
    });
    expect(JSON.parse(String(data['identityStatement']))).toMatchObject({
      Action: 'kms:Decrypt',
      Resource: KEY,
    });
    expect(data.hint).toContain('kms:EncryptionContext');
    expect(data.hint).toContain('sallyport:secret, stage');
  });

  test('a denial on a key of another account says that both policies are needed', () => {
    const call = { ...decrypt, principalArn: 'arn:aws:iam::444455556666:role/delegate' };
    const { data } = classifyAwsFailure(fromAws('AccessDeniedException'), call);
    expect(data.hint).toContain('a key of another account needs both');
  });

  test('an explicit deny is not answered with a statement to add', () => {
    const message =
      'User: x is not authorized to perform: kms:Decrypt with an explicit deny in a resource-based policy';
    const { data } = classifyAwsFailure(fromAws('AccessDeniedException', message), decrypt);
    expect(data.hint).toContain('denies kms:Decrypt explicitly');
  });

  test('the texts of signature errors, which repeat the session token, are never passed on', () => {
    const message = "The Canonical String should have been 'x-amz-security-token:SECRET-TOKEN'";
    const error = classifyAwsFailure(fromAws('InvalidSignatureException', message), decrypt);
    expect(`${error.publicMessage}${error.message}${JSON.stringify(error.data)}`).not.toContain(
      'SECRET-TOKEN',
    );
    expect(error.data.hint).toContain('clock');
  });
});

describe('failures of STS', () => {
  test('a denied AssumeRole says what AWS does not tell apart, and what to check', () => {
    const error = classifyAwsFailure(fromAws('AccessDenied', 'User: x is not authorized', 403), assume);
    expect(error).toMatchObject({
      code: 'assume-role-failed',
      data: { stage: 'assume-role', awsCode: 'AccessDenied' },
    });
    expect(error.publicMessage).toContain(`does not let ${USER} assume the role ${ROLE}`);
    expect(error.publicMessage).toContain(
      'wrong or missing external ID, a role that does not exist, and a missing permission',
    );
    expect(error.data.hint).toMatch(/\(1\).*\(2\).*\(3\).*\(4\)/);
    expect(JSON.parse(error.data.missingStatement ?? '')).toMatchObject({
      Principal: { AWS: USER },
      Action: 'sts:AssumeRole',
      Condition: { StringEquals: { 'sts:ExternalId': 'ext-4711' } },
    });
  });

  test.each([
    [
      'ValidationError',
      'The requested DurationSeconds exceeds the MaxSessionDuration set for this role.',
      /more than the maximum session duration of the role/,
      /raise the maximum session duration/,
    ],
    [
      'ValidationError',
      'The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.',
      /role chaining.*limited to 3600 s/,
      /3600 s or less/,
    ],
    ['ValidationError', 'something else', /refuses the parameters.*something else/, /Check role ARN/],
    ['MalformedPolicyDocument', 'bad', /refuses the session policy/, /former keys/],
    ['PackedPolicyTooLargeException', 'big', /refuses the session policy/, /former keys/],
    ['RegionDisabledException', 'off', /not active in region eu-west-1/, /Activate STS/],
  ])('%s: %s', (name, message, words, hint) => {
    const error = classifyAwsFailure(fromAws(name, message), assume);
    expect(error).toMatchObject({
      code: 'assume-role-failed',
      data: { stage: 'assume-role', awsCode: name },
    });
    expect(error.publicMessage).toMatch(words);
    expect(error.data.hint).toMatch(hint);
  });

  test.each(['InvalidClientTokenId', 'SignatureDoesNotMatch', 'ExpiredToken', 'ExpiredTokenException'])(
    '%s at AssumeRole is about the base credentials, not about the role',
    (name) => {
      const error = classifyAwsFailure(fromAws(name, 'x', 403), assume);
      expect(error).toMatchObject({ code: 'aws-credentials', data: { stage: 'credentials', awsCode: name } });
    },
  );

  test.each([
    'InvalidIdentityTokenException',
    'IDPRejectedClaimException',
    'IDPCommunicationErrorException',
    'ExpiredTokenException',
    'AccessDenied',
  ])('%s of a web identity says that nothing else is tried', (name) => {
    const error = classifyAwsFailure(fromAws(name, 'x'), webIdentity);
    expect(error).toMatchObject({ code: 'aws-credentials', data: { stage: 'credentials', awsCode: name } });
    expect(error.publicMessage).toContain('no other credentials are tried');
  });

  test('throttling of STS is throttling', () => {
    expect(classifyAwsFailure(fromAws('Throttling'), assume)).toMatchObject({
      code: 'aws-throttled',
      retryable: true,
    });
  });
});

describe('failures to reach AWS', () => {
  test.each([
    [network('ECONNREFUSED'), 'the connection was refused', true],
    [network('ENOTFOUND'), 'its name cannot be resolved', true],
    [network('ECONNRESET'), 'the connection was cut', true],
    [Object.assign(new Error('x'), { name: 'TimeoutError' }), 'no answer in time', true],
    [new DeadlineExceeded(10_000), 'no usable answer within 10 s', true],
    [network('SELF_SIGNED_CERT_IN_CHAIN'), 'its TLS certificate is not accepted', false],
    [
      unreadable(502),
      'something in between (a proxy, a firewall, a load balancer) answered in its place, with HTTP 502',
      true,
    ],
    [unreadable(403), 'with HTTP 403', false],
    [unreadable(407), 'with HTTP 407', false],
    [unreadable(200), 'with HTTP 200', false],
    [unreadable(503, 'Error'), 'with HTTP 503', true],
    [fromAws('Unknown', 'Unknown', 502), 'with HTTP 502', true],
  ])('%s', (thrown, words, retryable) => {
    for (const call of [decrypt, assume, webIdentity]) {
      const error = classifyAwsFailure(thrown, call);
      expect(error).toMatchObject({ code: 'aws-unreachable', retryable, data: { stage: 'reach' } });
      expect(error.publicMessage).toContain(words);
      expect(error.publicMessage).toContain(call.service === 'kms' ? 'KMS in eu-west-1' : 'STS in eu-west-1');
    }
  });

  test('a page with HTTP 429 is throttling', () => {
    expect(classifyAwsFailure(unreadable(429), decrypt).code).toBe('aws-throttled');
  });

  test('an endpoint that replaces the one of AWS is named', () => {
    const error = classifyAwsFailure(network('ECONNREFUSED'), { ...decrypt, endpoint: 'http://kms.test:1' });
    expect(error.publicMessage).toContain('http://kms.test:1');
  });
});

test('an error of our own passes as it is, and something unknown becomes aws-failed', () => {
  const own = new AppError('shutting-down', { publicMessage: 'x' });
  expect(classifyAwsFailure(own, decrypt)).toBe(own);
  expect(classifyAwsFailure(new Error('a bug'), decrypt)).toMatchObject({
    code: 'aws-failed',
    retryable: false,
  });
  expect(classifyAwsFailure(undefined, decrypt).publicMessage).not.toContain('undefined');
});
