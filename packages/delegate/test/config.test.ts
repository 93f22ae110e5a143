// Settings of a delegate: what is refused, and how the refusal is worded.
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { DelegateMessage, SecretsManagerAccess, ServerMessage } from '@sallyport/protocol';
import { connectAddressOf } from '../src/config/server-address.ts';
import { DelegateConfig, parseDelegateConfig } from '../src/index.ts';
import { REDACTED_FIELDS } from '../src/log/logger.ts';

const MINIMAL = { serverUrl: 'https://sallyport.example.com', name: 'one', dataFolder: 'data' };

describe('settings', () => {
  test('have stated defaults, and selectors in normal form', () => {
    expect(parseDelegateConfig({ ...MINIMAL, selectors: [' Prod-VPC ', 'prod-vpc'] })).toEqual({
      ...MINIMAL,
      selectors: ['prod-vpc'],
      token: null,
      guardFile: null,
      caFile: null,
      allowPlainHttp: false,
      environment: {},
      maxTasksInFlight: 256,
      maxStreamsInFlight: 32,
      maxCachedDataKeys: 10_000,
      localListen: [],
      localHosts: [],
      localTlsCertFile: null,
      localTlsKeyFile: null,
      localMaxConnections: 1024,
      localMaxGrants: 10_000,
      localMaxOffline: 1000,
      localJournalMaxBytes: 67_108_864,
      drainSeconds: 25,
      logLevel: 'info',
    });
  });

  test.each<[string, Record<string, unknown>, string]>([
    ['a misspelt setting', { ...MINIMAL, selector: ['a'] }, 'selector'],
    ['a missing setting', { name: 'one', dataFolder: 'data' }, 'serverUrl'],
    ['a limit out of bounds', { ...MINIMAL, maxTasksInFlight: 0 }, 'maxTasksInFlight'],
    ['a name that is none', { ...MINIMAL, name: ' x ' }, 'name'],
    [
      'an endpoint that is none',
      { ...MINIMAL, environment: { AWS_ENDPOINT_URL_KMS: 'kms' } },
      'AWS_ENDPOINT_URL_KMS',
    ],
    ['a selector that is none', { ...MINIMAL, selectors: ['a b'] }, 'selectors'],
  ])('%s refuses to start and is named', (_name, input, setting) => {
    expect(() => parseDelegateConfig(input)).toThrow(
      expect.objectContaining({ code: 'config-invalid', message: expect.stringContaining(setting) }),
    );
  });

  test('a token that is refused is not repeated in the message', () => {
    const token = 'x'.repeat(300);
    expect(() => parseDelegateConfig({ ...MINIMAL, token })).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining('xxx') }),
    );
  });

  test('any other input is refused as config-invalid, never by another error', () => {
    fc.assert(
      fc.property(fc.anything(), (input) => {
        expect(() => parseDelegateConfig(input)).toThrow(expect.objectContaining({ code: 'config-invalid' }));
      }),
    );
  });
});

describe('server address', () => {
  test.each([
    ['https://host', 'wss://host/v1/delegate/connect'],
    ['https://host:8443/', 'wss://host:8443/v1/delegate/connect'],
    ['https://host/sallyport/', 'wss://host/sallyport/v1/delegate/connect'],
    ['http://127.0.0.1:8200', 'ws://127.0.0.1:8200/v1/delegate/connect'],
    ['http://localhost:8200', 'ws://localhost:8200/v1/delegate/connect'],
    ['http://[::1]:8200', 'ws://[::1]:8200/v1/delegate/connect'],
  ])('%s is dialled at %s', (serverUrl, address) => {
    expect(connectAddressOf(serverUrl, { allowPlainHttp: false }).href).toBe(address);
  });

  test.each([
    'http://host',
    'http://10.0.0.1',
    'http://127.0.0.1.example.com',
    'http://localhost.example.com',
    'ftp://host',
    'host:8200',
    '',
    'https://user:password@host',
    'https://host/?a=b',
    'https://host/#a',
  ])('%j is refused', (serverUrl) => {
    expect(() => parseDelegateConfig({ ...MINIMAL, serverUrl })).toThrow(
      expect.objectContaining({ code: 'config-invalid', message: expect.not.stringContaining('password@') }),
    );
  });

  test('plain http beyond loopback needs an explicit permission', () => {
    expect(connectAddressOf('http://host', { allowPlainHttp: true }).href).toBe(
      'ws://host/v1/delegate/connect',
    );
  });
});

test('the log redacts exactly the fields that the schemas mark as secret', () => {
  const marked = new Set<string>();
  const walk = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return;
    for (const [name, child] of Object.entries(node)) {
      if (typeof child === 'object' && child !== null && 'x-redact' in child) marked.add(name);
      walk(child);
    }
  };
  for (const schema of [DelegateConfig, ServerMessage, DelegateMessage, SecretsManagerAccess]) {
    walk(z.toJSONSchema(schema, { unrepresentable: 'any', io: 'input' }));
  }
  expect([...marked].sort()).toEqual([...REDACTED_FIELDS].sort());
});
