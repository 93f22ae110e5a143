// Flags about the audit trail: what `server run` makes of them, and what `audit` refuses before it asks anybody.
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FlagValues } from '../src/command-line/flag-values.ts';
import { auditSettings } from '../src/commands/audit-server-flags.ts';
import { Workplace } from './sallyport.ts';

const FOLDER = '/home/somebody';

function settingsOf(flags: Record<string, string>): ReturnType<typeof auditSettings> {
  const values = new Map(Object.entries(flags).map(([name, value]) => [name, [value]] as const));
  return auditSettings({ flags: new FlagValues(values), folder: FOLDER });
}

describe('`server run`', () => {
  test('without flags keeps records for ever and copies them nowhere', () => {
    expect(settingsOf({})).toEqual({ auditSinks: [], auditRetentionDays: null });
  });

  test('takes a file, a syslog server, a webhook and a number of days', () => {
    const settings = settingsOf({
      'audit-file': 'audit.jsonl',
      'audit-syslog': 'tls://logs.example.com',
      'audit-syslog-ca-file': 'ca.pem',
      'audit-webhook': 'https://siem.example.com/hook',
      'audit-webhook-secret-file': '/etc/secret',
      'audit-retention': '400d',
    });
    expect(settings).toEqual({
      auditRetentionDays: 400,
      auditSinks: [
        { kind: 'file', name: 'file', path: join(FOLDER, 'audit.jsonl') },
        {
          kind: 'syslog',
          name: 'syslog',
          transport: 'tls',
          host: 'logs.example.com',
          port: 6514,
          caFile: join(FOLDER, 'ca.pem'),
        },
        {
          kind: 'webhook',
          name: 'webhook',
          url: 'https://siem.example.com/hook',
          secretFile: '/etc/secret',
        },
      ],
    });
  });

  test.each([
    ['udp://10.0.0.1', { transport: 'udp', host: '10.0.0.1', port: 514 }],
    ['tcp://logs:1514', { transport: 'tcp', host: 'logs', port: 1514 }],
    ['tcp://[2001:db8::1]:514/', { transport: 'tcp', host: '2001:db8::1', port: 514 }],
  ])('reads %s', (address, expected) => {
    expect(settingsOf({ 'audit-syslog': address }).auditSinks).toMatchObject([expected]);
  });

  test.each<[string, Record<string, string>]>([
    ['a syslog address without a scheme', { 'audit-syslog': 'logs.example.com:514' }],
    ['a syslog address of another scheme', { 'audit-syslog': 'https://logs.example.com' }],
    ['a syslog address with a path', { 'audit-syslog': 'tcp://logs.example.com/audit' }],
    ['certificates for no syslog', { 'audit-syslog-ca-file': 'ca.pem' }],
    ['a secret for no webhook', { 'audit-webhook-secret-file': 'secret' }],
    ['a retention that is not in days', { 'audit-retention': '36h' }],
    ['a retention of nothing', { 'audit-retention': '0d' }],
  ])('refuses %s', (_, flags) => {
    expect(() => settingsOf(flags)).toThrow(expect.objectContaining({ code: 'invalid-request' }));
  });
});

describe('`audit`', () => {
  let place: Workplace;
  beforeAll(async () => {
    place = await Workplace.make();
  });
  afterAll(() => place[Symbol.asyncDispose]());

  test.each([
    ['a time that is none', ['audit', 'list', '--since', 'yesterday'], /--since takes how long ago/],
    ['an action that is none', ['audit', 'list', '--action', 'secret.stolen'], /--action is one of/],
    ['a fingerprint that is none', ['audit', 'verify', 'x', '--trusted', 'abc'], /--trusted takes SHA256/],
    ['a file that is not there', ['audit', 'verify', '.sallyport.json'], /There is no file/],
  ])('refuses %s', async (_, words, reason) => {
    const { code, stdout, stderr } = await place.run(words, {
      env: { SALLYPORT_ADDR: 'http://127.0.0.1:9', SALLYPORT_TOKEN: 'sp_key_'.padEnd(50, 'x') },
    });
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(reason);
  });
});
