// The form of an identity request. Each refusal below is an attack: the request comes from a stranger, by way of a server that may lie,
// and a delegate that sends anything but this one request would be a proxy for whoever asks.
import { describe, expect, test } from 'vitest';
import * as fc from 'fast-check';
import { isAppError } from '@sallyport/core';
import { checkIdentityRequest } from '../src/identity/check-identity-request.ts';
import type { IdentityRules } from '../src/identity/check-identity-request.ts';
import { parseStsHost, stsHostOf } from '../src/identity/sts-host.ts';
import { presignCallerIdentity } from '../src/index.ts';
import type { IdentityRequest } from '../src/index.ts';

const NOW = Date.UTC(2026, 10, 25, 12, 0, 0);
const AUDIENCE = 'https://sallyport.example.com';
const RULES: IdentityRules = { audience: AUDIENCE, nowMs: NOW, regions: null, fipsOnly: false };
const CREDENTIALS = {
  accessKeyId: 'ASIAIOSFODNN7EXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
  sessionToken: 'token',
};

async function presign(change: Partial<Parameters<typeof presignCallerIdentity>[0]> = {}) {
  const usual = { region: 'eu-west-1', credentials: CREDENTIALS, audience: AUDIENCE, nowMs: NOW };
  return presignCallerIdentity({ ...usual, ...change });
}

/** Why the request is refused; `null` when it is not. */
function refusalOf(request: IdentityRequest, rules: Partial<IdentityRules> = {}): string | null {
  try {
    checkIdentityRequest(request, { ...RULES, ...rules });
    return null;
  } catch (thrown) {
    if (isAppError(thrown, 'workload-refused')) return thrown.publicMessage;
    throw thrown;
  }
}

const withHeaders = (request: IdentityRequest, change: Record<string, string>): IdentityRequest => ({
  ...request,
  headers: { ...request.headers, ...change },
});
const without = (request: IdentityRequest, header: string): IdentityRequest => {
  const { [header]: _, ...headers } = request.headers;
  return { ...request, headers };
};
const withAuthorization = (request: IdentityRequest, change: (text: string) => string): IdentityRequest =>
  withHeaders(request, { authorization: change(request.headers['authorization'] ?? '') });

describe('an identity request', () => {
  test('as it is made is accepted, and does not hold the secret key', async () => {
    const request = await presign();
    expect(checkIdentityRequest(request, RULES)).toMatchObject({
      host: 'sts.eu-west-1.amazonaws.com',
      place: { region: 'eu-west-1', partition: 'aws' },
    });
    expect(JSON.stringify(request)).not.toContain(CREDENTIALS.secretAccessKey);
    expect(request.headers['authorization']).toContain(
      'SignedHeaders=content-type;host;x-amz-date;x-amz-security-token;x-sallyport-audience',
    );
  });

  test('of access keys without a session is accepted too', async () => {
    const { sessionToken: _, ...credentials } = CREDENTIALS;
    expect(refusalOf(await presign({ credentials }))).toBeNull();
  });

  test('in other letter case and with a checksum and a length, as other signers make it, is accepted', async () => {
    const request = await presign();
    const renamed = Object.fromEntries(
      Object.entries(request.headers).map(([name, value]) => [name.toUpperCase(), value]),
    );
    expect(refusalOf({ ...request, headers: { ...renamed, 'Content-Length': '43' } })).toBeNull();
  });

  test.each([
    ['cn-north-1', 'https://sts.cn-north-1.amazonaws.com.cn/'],
    ['us-gov-west-1', 'https://sts.us-gov-west-1.amazonaws.com/'],
    ['us-iso-east-1', 'https://sts.us-iso-east-1.c2s.ic.gov/'],
    ['eusc-de-east-1', 'https://sts.eusc-de-east-1.amazonaws.eu/'],
  ])('of %s goes to the endpoint of its partition', async (region, url) => {
    const request = await presign({ region });
    expect(request.url).toBe(url);
    expect(refusalOf(request)).toBeNull();
  });

  test('for another server is refused', async () => {
    const reason = refusalOf(await presign({ audience: 'https://evil.example.com' }));
    expect(reason).toContain('it was made for "https://evil.example.com"');
  });

  test.each([
    ['http://sts.eu-west-1.amazonaws.com/', 'plain http'],
    ['https://sts.eu-west-1.amazonaws.com:8443/', 'another port'],
    ['https://sts.eu-west-1.amazonaws.com/?Action=AssumeRole', 'a query'],
    ['https://sts.eu-west-1.amazonaws.com/other', 'a path'],
    ['https://sts.eu-west-1.amazonaws.com#x', 'a fragment'],
    ['https://user@sts.eu-west-1.amazonaws.com/', 'a user'],
    ['https://sts.eu-west-1.amazonaws.com@evil.example/', 'another host after a user'],
    ['https://sts.eu-west-1.amazonaws.com.evil.example/', 'a longer host'],
    ['https://evil.example/sts.eu-west-1.amazonaws.com/', 'another host'],
    ['https://sts.evil.amazonaws.com/', 'no region'],
    ['https://s3.eu-west-1.amazonaws.com/', 'another service'],
    ['https://sts.eu-west-1.amazonaws.com.cn/', 'the suffix of another partition'],
    ['https://sts.cn-north-1.amazonaws.com/', 'a region of another partition'],
    ['https://STS.eu-west-1.amazonaws.com/', 'letter case that a signature would not cover'],
    ['https://127.0.0.1/', 'an address'],
    ['https://sts.eu-west-1.amazonaws.com./', 'a final dot'],
    [' https://sts.eu-west-1.amazonaws.com/', 'a blank'],
    ['https://sts.eu-west-1.amazonaws.com\\@evil.example/', 'a backslash'],
    ['', 'nothing'],
  ])('to %s is refused: %s', async (url) => {
    expect(refusalOf({ ...(await presign()), url })).toContain('not that of an STS endpoint');
  });

  test.each([
    'Action=AssumeRole&Version=2011-06-15',
    'Action=GetCallerIdentity&Version=2011-06-15&Action=AssumeRole',
    'Version=2011-06-15&Action=GetCallerIdentity',
    '',
  ])('with the body "%s" is refused', async (body) => {
    expect(refusalOf({ ...(await presign()), body })).toContain('its body');
  });

  test.each([
    ['accept', 'application/json', 'a header that such a request does not have'],
    ['x-amz-target', 'AWSSecurityTokenServiceV20110615.AssumeRole', 'does not have'],
    ['x-forwarded-host', 'evil.example', 'does not have'],
    ['transfer-encoding', 'chunked', 'does not have'],
    ['Host', 'evil.example', 'twice'],
    ['host', 'evil.example', 'host is not the one expected'],
    ['content-type', 'application/json', 'content-type is not'],
    ['content-length', '1', 'content-length is not'],
    ['x-amz-content-sha256', 'UNSIGNED-PAYLOAD', 'x-amz-content-sha256 is not'],
    ['x-sallyport-audience', `${AUDIENCE}\r\nx-evil: 1`, 'malformed'],
    ['x-amz-security-token', '', 'malformed'],
    ['x-amz-date', '20261125T120000', 'x-amz-date is malformed'],
  ])('with the header %s: %s is refused', async (name, value, reason) => {
    expect(refusalOf(withHeaders(await presign(), { [name]: value }))).toContain(reason);
  });

  test.each(['host', 'content-type', 'x-amz-date', 'authorization', 'x-sallyport-audience'])(
    'without the header %s is refused',
    async (name) => {
      expect(refusalOf(without(await presign(), name))).toContain(`lacks the header ${name}`);
    },
  );

  test('whose audience is there but not signed is refused: whoever holds it could change it', async () => {
    const unsigned = withAuthorization(await presign(), (text) => text.replace(';x-sallyport-audience', ''));
    expect(refusalOf(unsigned)).toContain('x-sallyport-audience is not signed');
  });

  test('that lacks a header which was signed is refused', async () => {
    expect(refusalOf(without(await presign(), 'x-amz-security-token'))).toContain('lacks a header');
  });

  test.each([
    ['another service', (text: string) => text.replace('/sts/', '/kms/'), 'another service or region'],
    ['another region', (text: string) => text.replace('/eu-west-1/', '/eu-west-2/'), 'service or region'],
    ['another day', (text: string) => text.replace('20261125', '20261124'), 'the date of its signature'],
    ['no signature', (text: string) => text.replace(/Signature=.*/, 'Signature='), 'version 4'],
    ['two parts', (text: string) => `${text}, Signature=${'0'.repeat(64)}`, 'version 4'],
    ['another scheme', () => 'Bearer abc', 'version 4'],
  ])('whose authorization has %s is refused', async (_what, change, reason) => {
    expect(refusalOf(withAuthorization(await presign(), change))).toContain(reason);
  });

  test('is good for five minutes either way and no longer', async () => {
    const request = await presign();
    for (const offMs of [-300_000, 0, 300_000]) {
      expect(refusalOf(request, { nowMs: NOW + offMs })).toBeNull();
    }
    for (const offMs of [-301_000, 300_001, 86_400_000]) {
      expect(refusalOf(request, { nowMs: NOW + offMs })).toContain('more than 5 minutes');
    }
  });

  test('of a region that the delegate does not ask in is refused', async () => {
    const request = await presign();
    expect(refusalOf(request, { regions: ['eu-west-1'] })).toBeNull();
    expect(refusalOf(request, { regions: ['eu-central-1'] })).toContain('does not ask STS in eu-west-1');
    expect(refusalOf(request, { regions: [] })).toContain('does not ask STS');
  });

  test('of a delegate that uses FIPS endpoints must be for one', async () => {
    expect(refusalOf(await presign(), { fipsOnly: true })).toContain('FIPS');
    expect(refusalOf(await presign({ isFips: true }), { fipsOnly: true })).toBeNull();
    const gov = await presign({ region: 'us-gov-west-1', isFips: true });
    expect(refusalOf(gov, { fipsOnly: true })).toBeNull();
  });

  test('whatever text stands in its place never passes and never fails in another way', async () => {
    const good = await presign();
    const text = fc.oneof(fc.string({ unit: 'binary', maxLength: 60 }), fc.webUrl());
    fc.assert(
      fc.property(text, fc.constantFrom('url', 'body', ...Object.keys(good.headers)), (junk, where) => {
        const isHeader = where !== 'url' && where !== 'body';
        const changed = isHeader ? withHeaders(good, { [where]: junk }) : { ...good, [where]: junk };
        // Any session token is for STS to judge.
        if (where === 'x-amz-security-token') return;
        expect(refusalOf(changed)).not.toBeNull();
      }),
    );
  });
});

describe('signing an identity request', () => {
  test('for a region that does not exist, or an address that cannot be signed, is refused before anything is signed', async () => {
    await expect(presign({ region: 'eu-west-1.evil.example' })).rejects.toMatchObject({
      code: 'invalid-request',
    });
    await expect(presign({ audience: 'https://a\r\nx: y' })).rejects.toMatchObject({
      code: 'invalid-request',
    });
    await expect(presign({ audience: '' })).rejects.toMatchObject({ code: 'invalid-request' });
  });
});

describe('hosts of STS', () => {
  test('what a region is given is read back as that region, and nothing else is read', () => {
    const regions = ['us-east-1', 'cn-northwest-1', 'us-gov-east-1', 'us-isob-east-1', 'eusc-de-east-1'];
    for (const region of regions) {
      for (const isFips of [false, true]) {
        expect(parseStsHost(stsHostOf(region, { isFips }) ?? '')?.region).toBe(region);
      }
    }
    expect(parseStsHost('sts.amazonaws.com')).toEqual({
      region: 'us-east-1',
      partition: 'aws',
      isFips: false,
    });
    expect(parseStsHost('sts-fips.amazonaws.com')).toBeNull();
    expect(stsHostOf('nowhere', { isFips: false })).toBeNull();
  });
});
