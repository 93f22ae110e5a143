// Client addresses: that forwarding headers are believed from configured proxies only.
import { afterEach, describe, expect, test } from 'vitest';
import { addressBucket, clientAddress, isProxyEntry, trustedProxies } from '../src/http/client-address.ts';
import { ALICE, startPeople } from './browser.ts';
import type { People, SentHeaders } from './browser.ts';
import type { Loose } from './test-server.ts';

const isTrusted = trustedProxies(['10.0.0.0/8', '192.0.2.1', '2001:db8::/32']);
const addressOf = (peer: string, forwardedFor: string) => clientAddress(peer, { forwardedFor, isTrusted });

describe('the address of a client', () => {
  const cases: [what: string, peer: string, forwardedFor: string, expected: string][] = [
    ['is the peer without proxies', '198.51.100.7', '', '198.51.100.7'],
    ['ignores what a stranger forwards', '198.51.100.7', '203.0.113.9', '198.51.100.7'],
    [
      'ignores a stranger who claims to be behind a proxy',
      '198.51.100.7',
      '1.2.3.4, 10.0.0.1',
      '198.51.100.7',
    ],
    ['is what the proxy saw', '10.0.0.1', '203.0.113.9', '203.0.113.9'],
    [
      'is what the outermost of several proxies saw',
      '10.0.0.1',
      '203.0.113.9, 192.0.2.1, 10.9.9.9',
      '203.0.113.9',
    ],
    ['is not what the client put before the proxy wrote', '10.0.0.1', '1.1.1.1, 203.0.113.9', '203.0.113.9'],
    ['is not a trusted address that the client made up', '10.0.0.1', '10.0.0.2, 203.0.113.9', '203.0.113.9'],
    ['is the proxy when it says nothing', '10.0.0.1', '', '10.0.0.1'],
    ['is the outermost known one when the rest is nonsense', '10.0.0.1', 'unknown, 10.0.0.2', '10.0.0.2'],
    ['is the proxy when it forwards nonsense', '10.0.0.1', 'evil', '10.0.0.1'],
    ['is read without port and brackets', '10.0.0.1', '203.0.113.9:5678', '203.0.113.9'],
    ['is read without port and brackets in IPv6', '10.0.0.1', '[2001:470::1]:443', '2001:470::1'],
    ['is IPv4 in whatever clothes', '10.0.0.1', '::ffff:203.0.113.9', '203.0.113.9'],
    ['is found behind a proxy that speaks IPv6', '2001:db8::5', '203.0.113.9', '203.0.113.9'],
    ['knows blanks and empty places', '10.0.0.1', ' 203.0.113.9 ,  10.1.1.1 ', '203.0.113.9'],
    ['stops at an empty place', '10.0.0.1', '203.0.113.9,,10.1.1.1', '10.1.1.1'],
    ['has no zone', '10.0.0.1', 'fe80::1%eth0', 'fe80::1'],
  ];
  test.each(cases)('%s', (_, peer, forwardedFor, expected) => {
    expect(addressOf(peer, forwardedFor)).toBe(expected);
  });

  test('is found in bounded work, whatever the length of the header', () => {
    const long = Array.from({ length: 100_000 }, () => '10.0.0.2').join(',');
    expect(addressOf('10.0.0.1', `203.0.113.9,${long}`)).toBe('10.0.0.2');
  });

  test('trusts nobody unless told', () => {
    const nobody = trustedProxies([]);
    for (const peer of ['127.0.0.1', '::1', '10.0.0.1']) {
      expect(clientAddress(peer, { forwardedFor: '203.0.113.9', isTrusted: nobody })).toBe(peer);
    }
  });
});

test('proxies are given as addresses or blocks, nothing else', () => {
  for (const text of ['10.0.0.1', '10.0.0.0/8', '0.0.0.0/0', '::1', '2001:db8::/32', '::ffff:10.0.0.1']) {
    expect(isProxyEntry(text), text).toBe(true);
  }
  for (const text of [
    '',
    'proxy.internal',
    '10.0.0',
    '10.0.0.0/33',
    '::/129',
    '10.0.0.0/8/8',
    '10.0.0.0/',
    '10.0.0.0/-1',
    'fe80::1%eth0',
  ]) {
    expect(isProxyEntry(text), text).toBe(false);
  }
  expect(trustedProxies(['::ffff:10.0.0.1'])('10.0.0.1')).toBe(true);
});

test('guesses are counted by IPv4 address and by IPv6 network', () => {
  expect(addressBucket('203.0.113.9')).toBe('203.0.113.9');
  expect(addressBucket('2001:db8:1:2:3:4:5:6')).toBe('2001:db8:1:2::/64');
  expect(addressBucket('2001:0DB8:0001:0002::9')).toBe('2001:db8:1:2::/64');
  expect(addressBucket('2001:db8::9')).toBe('2001:db8:0:0::/64');
  expect(addressBucket('::1')).toBe('0:0:0:0::/64');
  expect(addressBucket('1:2:3:4:5:6:7::')).toBe('1:2:3:4::/64');
  expect(addressBucket('unknown')).toBe('unknown');
});

describe('over HTTP', () => {
  let people: People;
  afterEach(async () => {
    await people.end();
  });

  /** The address that a sign-in is recorded with. */
  async function recorded(headers: SentHeaders): Promise<string> {
    const browser = people.browser();
    const body = { user: ALICE.user, password: ALICE.password };
    expect((await browser.call('POST', '/v1/sign-in', body, headers)).status).toBe(200);
    const { sessions } = (await browser.call('GET', '/v1/me/sessions')).body;
    return sessions.find(({ current }: Loose) => current).clientAddress;
  }

  test('headers of a stranger change nothing', async () => {
    people = await startPeople();
    await people.join(ALICE);
    const spoofed = {
      'x-forwarded-for': '203.0.113.9',
      forwarded: 'for=203.0.113.9',
      'x-real-ip': '203.0.113.9',
      'cf-connecting-ip': '203.0.113.9',
      'true-client-ip': '203.0.113.9',
    };
    expect(await recorded(spoofed)).toBe('127.0.0.1');
  });

  test('X-Forwarded-For of a trusted proxy is believed, and no other header', async () => {
    people = await startPeople({ config: { trustedProxies: ['127.0.0.0/8'] } });
    await people.join(ALICE);
    const others = { forwarded: 'for=203.0.113.9', 'x-real-ip': '203.0.113.9' };
    expect(await recorded(others)).toBe('127.0.0.1');
    expect(await recorded({ ...others, 'x-forwarded-for': '6.6.6.6, 198.51.100.7' })).toBe('198.51.100.7');
  });
});
