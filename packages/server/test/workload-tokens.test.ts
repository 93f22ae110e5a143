// Tokens that must not let anybody in, and issuers that cannot be asked. Attacks are the ones that RFC 8725 lists.
import { createHmac, createSign, generateKeyPairSync } from 'node:crypto';
import { exportSPKI, importJWK } from 'jose';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { expectError } from './test-server.ts';
import { TokenIssuer } from './token-issuer.ts';
import { WorkloadWorld } from './workload-world.ts';

let world: WorkloadWorld;
beforeEach(async () => {
  world = await WorkloadWorld.start();
});
afterEach(async () => {
  vi.useRealTimers();
  await world.end();
});

describe('a token', () => {
  const nowSeconds = (): number => Math.floor(world.clock.nowMs() / 1000);

  test.each<[string, (seconds: number) => Record<string, unknown>, string]>([
    ['of another issuer', () => ({ iss: 'https://evil.example' }), 'another issuer'],
    ['for another audience', () => ({ aud: 'https://other.example' }), 'another audience'],
    ['without audience', () => ({ aud: undefined }), 'no claim aud'],
    ['that has expired', (now) => ({ iat: now - 400, nbf: now - 400, exp: now - 31 }), 'has expired'],
    ['without expiry', () => ({ exp: undefined }), 'no claim exp'],
    ['that is not valid yet', (now) => ({ nbf: now + 60 }), 'not valid yet'],
    ['that was issued in the future', (now) => ({ iat: now + 60 }), 'not valid yet'],
    ['without time of issue', () => ({ iat: undefined }), 'no claim iat'],
    ['that was issued long ago', (now) => ({ iat: now - 3700, nbf: now - 3700 }), 'more than an hour ago'],
    ['without subject', () => ({ sub: undefined }), 'no claim sub'],
    ['with an empty subject', () => ({ sub: '' }), 'sub is empty'],
    ['with a subject that is no text', () => ({ sub: 7 }), 'sub'],
    ['with times that are no numbers', () => ({ exp: 'tomorrow' }), 'exp'],
    ['of another repository', () => ({ repository: 'evil/shop' }), 'claim repository is "evil/shop"'],
    ['without the claim of a rule', () => ({ repository: undefined }), 'no claim repository'],
  ])('%s is refused', async (_what, claims, reason) => {
    await world.addIssuer();
    expectError(await world.exchange(await world.issuer.token(claims(nowSeconds()))), 'workload-refused');
    const record = await world.lastRecord('workload.refused');
    expect(record).toMatchObject({ actor: 'anybody', actorKind: 'anybody', resourceName: 'github' });
    expect(record.details.reason).toContain(reason);
  });

  test('is allowed clocks that differ by half a minute', async () => {
    await world.addIssuer();
    const now = nowSeconds();
    expect((await world.exchange(await world.issuer.token({ exp: now - 25 }))).status).toBe(201);
    expect((await world.exchange(await world.issuer.token({ nbf: now + 25, iat: now + 25 }))).status).toBe(
      201,
    );
  });

  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

  test('without a signature is refused', async () => {
    await world.addIssuer();
    const [, payload = ''] = (await world.issuer.token()).split('.');
    for (const alg of ['none', 'None', 'NONE', '']) {
      expectError(await world.exchange(`${part({ alg, typ: 'JWT' })}.${payload}.`), 'workload-refused');
    }
  });

  // The classic confusion: the public key, which everybody has, taken as the secret of an HMAC.
  test("signed with the issuer's public key as a shared secret is refused", async () => {
    await world.issuer.rotate('RS256');
    await world.addIssuer();
    const [, payload = ''] = (await world.issuer.token()).split('.');
    const publicKey = (await importJWK(world.issuer.publicJwk, 'RS256', { extractable: true })) as CryptoKey;
    for (const secret of [await exportSPKI(publicKey), JSON.stringify(world.issuer.publicJwk)]) {
      const signed = `${part({ alg: 'HS256', kid: world.issuer.publicJwk.kid })}.${payload}`;
      const signature = createHmac('sha256', secret).update(signed).digest('base64url');
      expectError(await world.exchange(`${signed}.${signature}`), 'workload-refused');
    }
  });

  // A key that the token itself brings along says nothing about who made it.
  test('that brings its own key or the address of one is refused, and that address is not asked', async () => {
    await world.addIssuer();
    const evil = await TokenIssuer.start();
    const headers = [
      { jwk: evil.publicJwk },
      { jku: `${evil.url}/keys` },
      { x5u: `${evil.url}/keys` },
      { kid: world.issuer.publicJwk.kid },
    ];
    for (const header of headers) {
      const token = await evil.token({ iss: world.issuer.url }, header);
      expectError(await world.exchange(token), 'workload-refused');
    }
    expect(evil.requests).toEqual([]);
    await evil.close();
  });

  test('that was changed anywhere is refused', async () => {
    await world.addIssuer();
    const token = await world.issuer.token();
    const [header = '', payload = '', signature = ''] = token.split('.');
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as object;
    const changed = [
      `${header}.${part({ ...claims, sub: 'admin' })}.${signature}`,
      `${part({ alg: 'ES256' })}.${payload}.${signature}`,
      `${header}.${payload}.${signature.slice(0, -2)}AA`,
      `${header}.${payload}`,
      `${token}.x`,
      'x',
      '..',
    ];
    for (const [round, bad] of changed.entries()) {
      // The limit on guesses is not what refuses here.
      world.clock.advance(3_600_000);
      vi.useFakeTimers({ toFake: ['Date'], now: world.clock.nowMs() });
      const good = await world.issuer.token();
      expect((await world.exchange(good)).status).toBe(201);
      const [freshHeader = '', freshPayload = '', freshSignature = ''] = good.split('.');
      const fresh = bad
        .replace(header, freshHeader)
        .replace(payload, freshPayload)
        .replace(signature, freshSignature);
      expectError(await world.exchange(fresh), 'workload-refused');
      expect(round).toBeLessThan(changed.length);
    }
  });

  test('with an extension that must be understood is refused', async () => {
    await world.addIssuer();
    const [, payload = '', signature = ''] = (await world.issuer.token()).split('.');
    const header = part({ alg: 'ES256', kid: world.issuer.publicJwk.kid, crit: ['x'], x: 1 });
    expectError(await world.exchange(`${header}.${payload}.${signature}`), 'workload-refused');
  });

  test('that is longer than 16 KiB is not looked at', async () => {
    await world.addIssuer();
    const token = await world.issuer.token({ filler: 'x'.repeat(16_384) });
    expectError(await world.exchange(token), 'invalid-request');
    expect(world.issuer.requests).toEqual([]);
  });

  test('signed with a key that is too short is refused', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 1024 });
    const jwk = { ...publicKey.export({ format: 'jwk' }), kid: 'short', alg: 'RS256', use: 'sig' };
    await world.addIssuer({}, { jwks: { keys: [jwk] } });
    const [, payload = ''] = (await world.issuer.token()).split('.');
    const signed = `${part({ alg: 'RS256', kid: 'short' })}.${payload}`;
    const signature = createSign('sha256').update(signed).sign(privateKey, 'base64url');
    expectError(await world.exchange(`${signed}.${signature}`), 'workload-refused');
  });
});

describe('an issuer', () => {
  const discovery = '/.well-known/openid-configuration';

  test.each<[string, { status: number; body: string; location?: string } | null]>([
    ['is not there', null],
    ['says nothing', { status: 404, body: '' }],
    ['says something that is not JSON', { status: 200, body: '<html>' }],
    ['leads elsewhere', { status: 302, body: '', location: 'https://evil.example' }],
    [
      'names itself otherwise',
      { status: 200, body: '{"issuer":"https://evil.example","jwks_uri":"https://x"}' },
    ],
    ['has its keys nowhere', { status: 200, body: '{"issuer":"ISSUER"}' }],
    [
      'has its keys at an address without TLS',
      { status: 200, body: '{"issuer":"ISSUER","jwks_uri":"http://192.0.2.1/keys"}' },
    ],
    ['never comes to an end', { status: 200, body: `{"x":"${'x'.repeat(600_000)}"}` }],
  ])('whose discovery document %s lets nobody in', async (_what, answer) => {
    const body = answer?.body.replace('ISSUER', world.issuer.url) ?? '';
    world.issuer.answers.set(discovery, answer === null ? null : { ...answer, body });
    await world.addIssuer();
    expectError(await world.exchange(await world.issuer.token()), 'workload-refused');
    expect((await world.lastRecord('workload.refused')).details.reason).toContain(
      'cannot be asked for its keys',
    );
    world.issuer.answers.clear();
    expect((await world.exchange(await world.issuer.token())).status).toBe(201);
  });

  test.each<[string, { status: number; body: string; location?: string } | null]>([
    ['are not there', null],
    ['are not JSON', { status: 200, body: 'x' }],
    ['are no keys', { status: 200, body: '{"keys":7}' }],
    ['are elsewhere', { status: 307, body: '', location: '/elsewhere' }],
  ])('whose keys %s lets nobody in', async (_what, answer) => {
    world.issuer.answers.set('/keys', answer);
    await world.addIssuer();
    expectError(await world.exchange(await world.issuer.token()), 'workload-refused');
    expect(world.issuer.requests).not.toContain('/elsewhere');
    expect((await world.lastRecord('workload.refused')).details.reason).toContain('keys of the issuer');
  });
});
