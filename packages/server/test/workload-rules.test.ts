// Which workloads the rules of an issuer let in: claims of tokens, and roles at AWS. What a pattern means must not depend on luck: each
// surprise here would let somebody else's workload in.
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { checkClaimRules, explainRefusal, matchesWildcard } from '../src/workloads/claim-rules.ts';
import { checkIssuerSettings } from '../src/workloads/issuer-settings.ts';
import { checkRolePattern, isRoleLetIn, roleOfSession } from '../src/workloads/role-patterns.ts';

const GITHUB = {
  sub: 'repo:acme/shop:environment:production',
  repository: 'acme/shop',
  repository_owner_id: '4711',
  run_attempt: 1,
  'https://acme.example/team': 'payments',
};
const KUBERNETES = {
  sub: 'system:serviceaccount:shop:api',
  'kubernetes.io': { namespace: 'shop', serviceaccount: { name: 'api' }, 'a/b~c': 'odd' },
  groups: ['dev', 'ops'],
  admin: true,
  nested: [['deep']],
};

const passes = (claims: object, ...rules: [string, string][]): boolean =>
  explainRefusal(
    rules.map(([claim, pattern]) => ({ claim, pattern })),
    claims as Record<string, unknown>,
  ) === null;

describe('claim rules', () => {
  test('all of them have to hold', () => {
    expect(passes(GITHUB, ['repository', 'acme/shop'], ['repository_owner_id', '4711'])).toBe(true);
    expect(passes(GITHUB, ['repository', 'acme/shop'], ['repository_owner_id', '4712'])).toBe(false);
    expect(passes(GITHUB, ['repository', 'acme/shop'], ['missing', 'x'])).toBe(false);
  });

  test('compare the whole value in its own letter case', () => {
    for (const pattern of ['acme', 'acme/sho', 'cme/shop', 'Acme/shop', 'acme/shop ', 'acme.shop']) {
      expect(passes(GITHUB, ['repository', pattern])).toBe(false);
    }
  });

  test('a star stands for any characters or none, and nothing else is special', () => {
    expect(passes(GITHUB, ['sub', 'repo:acme/shop:*'])).toBe(true);
    expect(passes(GITHUB, ['sub', 'repo:acme/*:environment:production'])).toBe(true);
    expect(passes(GITHUB, ['repository', '*acme/shop*'])).toBe(true);
    expect(passes(GITHUB, ['repository', 'acme/shop?'])).toBe(false);
    expect(passes(GITHUB, ['repository', '.*'])).toBe(false);
    expect(passes(GITHUB, ['repository', 'acme/[a-z]*'])).toBe(false);
    // A prefix without its separator lets others in; the documentation says so, and this is why.
    expect(passes({ repository: 'acme-evil/shop' }, ['repository', 'acme*'])).toBe(true);
    expect(passes({ repository: 'acme-evil/shop' }, ['repository', 'acme/*'])).toBe(false);
  });

  test('a claim within others is named by a JSON pointer; dots and colons are a part of names', () => {
    expect(passes(KUBERNETES, ['/kubernetes.io/namespace', 'shop'])).toBe(true);
    expect(passes(KUBERNETES, ['/kubernetes.io/serviceaccount/name', 'api'])).toBe(true);
    expect(passes(KUBERNETES, ['/kubernetes.io/a~1b~0c', 'odd'])).toBe(true);
    expect(passes(KUBERNETES, ['kubernetes.io/namespace', 'shop'])).toBe(false);
    expect(passes(KUBERNETES, ['kubernetes.io.namespace', 'shop'])).toBe(false);
    expect(passes(GITHUB, ['https://acme.example/team', 'payments'])).toBe(true);
    expect(passes(GITHUB, ['/https:~1~1acme.example~1team', 'payments'])).toBe(true);
  });

  test('of a list one element has to fit; numbers and booleans are compared as JSON writes them; objects never fit', () => {
    expect(passes(KUBERNETES, ['groups', 'ops'])).toBe(true);
    expect(passes(KUBERNETES, ['groups', 'dev,ops'])).toBe(false);
    expect(passes(KUBERNETES, ['admin', 'true'])).toBe(true);
    expect(passes(GITHUB, ['run_attempt', '1'])).toBe(true);
    expect(passes(KUBERNETES, ['kubernetes.io', '*object*'])).toBe(false);
    expect(passes(KUBERNETES, ['nested', 'deep'])).toBe(false);
    expect(passes({ nothing: null }, ['nothing', 'null'])).toBe(false);
  });

  test('see what the token says and nothing that every object has', () => {
    for (const claim of ['constructor', 'toString', '__proto__', '/__proto__/toString', '/sub/length']) {
      expect(passes(GITHUB, [claim, '*a*'])).toBe(false);
    }
  });

  test('a pattern means the same as the regular expression that it stands for', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', '/', '*', '.'), maxLength: 12 });
    fc.assert(
      fc.property(text, text, (pattern, value) => {
        const parts = pattern
          .split('*')
          .map((part) => part.replaceAll(/[.*+?^${}()|[\]\\/]/g, String.raw`\$&`));
        const expected = new RegExp(`^${parts.join('.*')}$`, 's').test(value);
        expect(matchesWildcard(pattern, value)).toBe(expected);
      }),
      { numRuns: 2000 },
    );
  });

  test('no pattern takes long', () => {
    const startedAtMs = performance.now();
    expect(matchesWildcard(`${'*a'.repeat(255)}*b`, 'a'.repeat(16_384))).toBe(false);
    expect(performance.now() - startedAtMs).toBeLessThan(200);
  });

  test('one that keeps nobody out, or a pointer that is none, is refused when it is saved', () => {
    for (const rule of [
      { claim: 'sub', pattern: '*' },
      { claim: 'sub', pattern: '***' },
      { claim: '/a~2b', pattern: 'x' },
      { claim: '/a~', pattern: 'x' },
    ]) {
      expect(() => checkClaimRules([rule])).toThrow(expect.objectContaining({ code: 'invalid-request' }));
    }
    expect(() => checkClaimRules([{ claim: '/a~0b', pattern: 'x*' }])).not.toThrow();
  });
});

const ROLE = 'arn:aws:iam::111122223333:role/deploy-prod';
const role = (session: string) => roleOfSession(session) ?? expect.fail('not a session of a role');

describe('roles at AWS', () => {
  test("a session's role is known by account and name", () => {
    const session = role('arn:aws:sts::111122223333:assumed-role/deploy-prod/i-0123');
    expect(session.text).toBe(ROLE);
    expect(isRoleLetIn(session, [ROLE])).toBe(true);
    expect(isRoleLetIn(session, ['arn:aws:iam::111122223333:role/team/x/deploy-prod'])).toBe(true);
    expect(isRoleLetIn(session, ['arn:aws:iam::444455556666:role/deploy-prod'])).toBe(false);
    expect(isRoleLetIn(session, ['arn:aws-cn:iam::111122223333:role/deploy-prod'])).toBe(false);
    expect(isRoleLetIn(session, ['arn:aws:iam::111122223333:role/Deploy-prod'])).toBe(false);
    expect(isRoleLetIn(session, ['arn:aws:iam::111122223333:role/deploy-pro'])).toBe(false);
    expect(isRoleLetIn(session, [])).toBe(false);
  });

  test('a star in the name stands for any characters of it', () => {
    const session = role('arn:aws:sts::111122223333:assumed-role/deploy-prod/x');
    expect(isRoleLetIn(session, ['arn:aws:iam::111122223333:role/deploy-*'])).toBe(true);
    expect(isRoleLetIn(session, ['arn:aws:iam::111122223333:role/*'])).toBe(true);
    expect(isRoleLetIn(session, ['arn:aws:iam::111122223333:role/test-*'])).toBe(false);
    expect(isRoleLetIn(session, ['arn:aws:iam::444455556666:role/*'])).toBe(false);
  });

  test.each([
    'arn:aws:iam::111122223333:user/ann',
    'arn:aws:iam::111122223333:root',
    'arn:aws:sts::111122223333:federated-user/ann',
    'arn:aws:sts::111122223333:assumed-role/deploy-prod',
    'arn:aws:sts::111122223333:assumed-role/deploy-prod/a/b',
    'arn:evil:sts::111122223333:assumed-role/deploy-prod/x',
    'arn:aws:iam::111122223333:assumed-role/deploy-prod/x',
    '',
  ])('%s is no session of a role', (arn) => {
    expect(roleOfSession(arn)).toBeNull();
  });

  test.each([
    ['arn:aws:iam::*:role/deploy', 'an account that is a star'],
    ['arn:*:iam::111122223333:role/deploy', 'a partition that is a star'],
    ['arn:aws:iam::111122223333:*', 'anything'],
    ['arn:aws:iam::111122223333:role/team/*', 'a path, which STS does not say'],
    ['arn:aws:iam::111122223333:role/te*m/deploy', 'a star in a path'],
    ['arn:aws:iam::111122223333:user/deploy', 'a user'],
    ['arn:aws:sts::111122223333:assumed-role/deploy/x', 'a session'],
    ['deploy', 'a name alone'],
  ])('%s cannot be let in: %s', (arn) => {
    expect(() => checkRolePattern(arn)).toThrow(expect.objectContaining({ code: 'invalid-role-arn' }));
  });
});

describe('settings of an issuer', () => {
  const rules = [{ claim: 'sub', pattern: 'x' }];
  const oidc = { kind: 'oidc' as const, audience: 'a', rules, jwks: null };

  test.each([
    'http://issuer.example',
    'http://127.0.0.1.evil.example',
    'https://user@issuer.example',
    'https://issuer.example/?x=1',
    'https://issuer.example/#x',
    'https://issuer.example/?',
    'ftp://issuer.example',
    'issuer.example',
    'file:///etc/passwd',
  ])('the address %s is refused', (issuer) => {
    expect(() => checkIssuerSettings({ ...oidc, issuer })).toThrow(
      expect.objectContaining({ code: 'invalid-request' }),
    );
  });

  test.each([
    'https://issuer.example',
    'https://issuer.example/a/b',
    'http://127.0.0.1:8080',
    'http://[::1]:1',
  ])('the address %s is taken', (issuer) => {
    expect(checkIssuerSettings({ ...oidc, issuer })).toMatchObject({ issuer });
  });

  test.each([
    ['a shared secret', { kty: 'oct', k: 'AAAA' }],
    ['a private key', { kty: 'EC', crv: 'P-256', x: 'x', y: 'y', d: 'd' }],
    ['a private RSA key', { kty: 'RSA', n: 'n', e: 'AQAB', p: 'p' }],
    ['no key', {}],
  ])('keys among which there is %s are refused', (_what, key) => {
    const settings = { ...oidc, issuer: 'https://issuer.example', jwks: { keys: [key] } };
    expect(() => checkIssuerSettings(settings as never)).toThrow(
      expect.objectContaining({ code: 'invalid-request' }),
    );
  });
});
