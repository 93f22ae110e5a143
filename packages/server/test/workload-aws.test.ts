// Workloads by their AWS identity, as the server sees it: it relays a signed request to a delegate and takes its word. What the request has
// to be is the delegate's business (packages/aws); here it is who is asked, what is done with the answer, and that strangers learn nothing.
import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ErrorCode } from '@sallyport/core';
import type { ScriptedDelegate, Scripted } from './scripted-delegate.ts';
import { expectError } from './test-server.ts';
import type { Answer, Loose } from './test-server.ts';
import { WorkloadWorld } from './workload-world.ts';

const ROLE = 'arn:aws:iam::111122223333:role/nightly-job';
const SESSION = 'arn:aws:sts::111122223333:assumed-role/nightly-job/i-0123';

let world: WorkloadWorld;
beforeEach(async () => {
  world = await WorkloadWorld.start();
});
afterEach(async () => world.end());

const allow = async (settings: object = {}): Promise<Loose> =>
  world.addIssuer({ name: 'jobs', settings: { kind: 'aws', roleArns: [ROLE], ...settings } });

/** A request that nobody has seen before. */
function freshRequest(): Loose {
  const signature = randomBytes(32).toString('hex');
  return {
    url: 'https://sts.eu-west-1.amazonaws.com/',
    headers: { Authorization: `AWS4-HMAC-SHA256 Signature=${signature}`, 'x-sallyport-audience': 'x' },
    body: 'Action=GetCallerIdentity&Version=2011-06-15',
  };
}

async function exchange(issuer = 'jobs', awsRequest = freshRequest()): Promise<Answer> {
  return world.on.call('POST', '/v1/workloads/exchange', { issuer, awsRequest }, 'none');
}

type Outcome = Scripted<'verify-aws-identity'>;
const names = (arn: string, accountId = arn.split(':')[4] ?? ''): Outcome => ({
  kind: 'verify-aws-identity',
  arn,
  accountId,
  userId: 'AROAEXAMPLE:i-0123',
});
const fails = (code: ErrorCode, retryable = false): Outcome => ({
  failure: { code, message: `of the delegate: ${code}`, retryable, data: { hint: 'internal.host' } },
});

/** A delegate that answers so. */
async function delegateThat(outcome: Outcome, options: object = {}): Promise<ScriptedDelegate> {
  const delegate = await world.on.delegate(options);
  delegate.scripts['verify-aws-identity'] = () => outcome;
  return delegate;
}

describe('a workload with a role at AWS', () => {
  test('is let in as that role, verified by a delegate for the address of this server', async () => {
    const { id } = await allow();
    const delegate = await delegateThat(names(SESSION));
    const request = freshRequest();
    const { status, body } = await exchange('jobs', request);
    expect([status, body.subject]).toEqual([201, ROLE]);
    expect(delegate.tasks).toEqual([
      expect.objectContaining({
        kind: 'verify-aws-identity',
        request,
        audience: world.on.server.address,
      }),
    ]);
    expect((await world.whoAmI(body.value)).body).toMatchObject({ kind: 'workload', name: ROLE });
    expect(await world.lastRecord('workload.admitted')).toMatchObject({
      actorName: ROLE,
      details: { issuer: id },
    });
  });

  test.each([
    ['another role', 'arn:aws:sts::111122223333:assumed-role/other/x'],
    ['the role of this name in another account', 'arn:aws:sts::444455556666:assumed-role/nightly-job/x'],
    ['a user', 'arn:aws:iam::111122223333:user/nightly-job'],
    ['the account itself', 'arn:aws:iam::111122223333:root'],
    ['what is no ARN', 'nightly-job'],
  ])('is refused as %s', async (_what, arn) => {
    await allow();
    await delegateThat(names(arn, '111122223333'));
    expectError(await exchange(), 'workload-refused');
    expect((await world.lastRecord('workload.refused')).details.reason).toMatch(/no rule lets|not a session/);
  });

  test('is let in once by one request: who saw it on its way comes too late', async () => {
    await allow();
    await delegateThat(names(SESSION));
    const request = freshRequest();
    expect((await exchange('jobs', request)).status).toBe(201);
    expectError(await exchange('jobs', request), 'workload-refused');
    const written = `${request.headers.Authorization.replace(' ', ' Credential=x,')}`;
    const renamed = { ...request, headers: { authorization: written } };
    expectError(await exchange('jobs', renamed), 'workload-refused');
    expect((await world.lastRecord('workload.refused')).details.reason).toContain('used before');
    expect((await exchange()).status).toBe(201);
  });

  test('of which two come at once with one request, one is let in', async () => {
    await allow();
    await delegateThat(names(SESSION));
    const request = freshRequest();
    const answers = await Promise.all([exchange('jobs', request), exchange('jobs', request)]);
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201, 401]));
  });

  test('is verified only by delegates with the selectors of the issuer, since their word counts', async () => {
    await allow({ selectors: ['Trusted'] });
    const liar = await delegateThat(names(SESSION), { name: 'edge', selectors: ['edge'] });
    expectError(await exchange(), 'no-delegate');
    expect(liar.tasks).toEqual([]);
    const trusted = await delegateThat(names(SESSION), { name: 'inner', selectors: ['trusted'] });
    expect((await exchange()).status).toBe(201);
    expect([liar.tasks.length, trusted.tasks.length]).toEqual([0, 1]);
  });

  test('is not verified by a delegate that serves no aws-kms secrets managers', async () => {
    await allow();
    const delegate = await delegateThat(names(SESSION), { kinds: ['built-in'] });
    expectError(await exchange(), 'no-delegate');
    expect(delegate.tasks).toEqual([]);
  });
});

describe('a delegate that cannot', () => {
  test.each<[ErrorCode]>([['delegate-refused'], ['aws-unreachable']])(
    'verify (%s) is not the last one asked',
    async (code) => {
      await allow();
      const first = await delegateThat(fails(code), { name: 'first' });
      const second = await delegateThat(names(SESSION), { name: 'second' });
      expect((await exchange()).status).toBe(201);
      expect(second.tasks).toHaveLength(1);
      expect(first.tasks.length).toBeLessThanOrEqual(1);
    },
  );

  test.each<[ErrorCode, ErrorCode]>([
    ['workload-refused', 'workload-refused'],
    ['delegate-refused', 'workload-refused'],
    ['invalid-request', 'workload-refused'],
    ['aws-unreachable', 'aws-unreachable'],
    ['aws-throttled', 'aws-throttled'],
    ['aws-failed', 'aws-failed'],
    ['internal', 'no-delegate'],
  ])('and says %s makes the answer %s', async (code, answered) => {
    await allow();
    await delegateThat(fails(code));
    const error = expectError(await exchange(), answered);
    // Nobody knows yet who is asking: neither names nor addresses nor reasons go out.
    expect(JSON.stringify(error)).not.toMatch(/of the delegate|internal\.host|prod-1/);
    const record = await world.lastRecord('workload.refused');
    if (answered === 'workload-refused') expect(record.details.reason).toContain('of the delegate');
    else expect(record).toBeNull();
  });

  test('be found makes the answer no-delegate, without a word about those that there are', async () => {
    await allow();
    const delegate = await delegateThat(names(SESSION));
    await delegate.disconnect();
    const error = expectError(await exchange(), 'no-delegate');
    expect(JSON.stringify(error)).not.toContain('prod-1');
  });
});

describe('strangers', () => {
  test('learn nothing of which issuers there are: a delegate is asked all the same, and the answer is the same', async () => {
    await allow();
    await world.addIssuer();
    const delegate = await delegateThat(names('arn:aws:sts::999999999999:assumed-role/evil/x'));
    const answers = [await exchange('jobs'), await exchange('no-such-issuer'), await exchange('github')];
    for (const answer of answers) {
      expectError(answer, 'workload-refused');
      expect({ ...answer.body, requestId: null }).toEqual({ ...answers[0]?.body, requestId: null });
    }
    expect(delegate.tasks).toHaveLength(3);
  });

  test('without a delegate are told the same about an issuer that is there and one that is not', async () => {
    await allow();
    const [there, not] = [await exchange('jobs'), await exchange('no-such-issuer')];
    expectError(there, 'no-delegate');
    expect({ ...there.body, requestId: null }).toEqual({ ...not.body, requestId: null });
  });

  test.each([
    ['a url without end', { url: `https://${'x'.repeat(300)}` }],
    ['a header without end', { headers: { authorization: 'x'.repeat(9000) } }],
    [
      'headers without end',
      { headers: Object.fromEntries(Array.from({ length: 17 }, (_, i) => [`h${i}`, 'x'])) },
    ],
    ['another body', { body: 'x'.repeat(300) }],
    ['more than that', { method: 'GET' }],
  ])('with %s are sent away before a delegate is asked', async (_what, change) => {
    await allow();
    const delegate = await delegateThat(names(SESSION));
    expectError(await exchange('jobs', { ...freshRequest(), ...change }), 'invalid-request');
    expect(delegate.tasks).toEqual([]);
  });

  test('are slowed down when they are refused again and again', async () => {
    await allow();
    await delegateThat(fails('workload-refused'));
    for (let round = 0; round < 5; round += 1) expectError(await exchange(), 'workload-refused');
    expectError(await exchange(), 'rate-limited');
  });
});
