// Settings and logs: what refuses to start, and what never gets into a log.
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { AppError } from '@sallyport/core';
import { parseServerConfig, startServer } from '../src/index.ts';
import { createLogger } from '../src/observability/logger.ts';
import { redactedPaths } from '../src/observability/redaction.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sallyport-config-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

const base = () => ({ dataFolder: folder, rootKey: { base64: randomBytes(32).toString('base64') } });

function refusal(input: object): string {
  try {
    parseServerConfig(input);
  } catch (thrown) {
    if (thrown instanceof AppError && thrown.code === 'config-invalid') return thrown.publicMessage;
    throw thrown;
  }
  throw new Error('was accepted');
}

describe('settings', () => {
  test('have defaults for everything but folder and root key', () => {
    expect(parseServerConfig(base())).toMatchObject({
      listenHost: '127.0.0.1',
      port: 8200,
      tlsCertificateFile: null,
      tlsKeyFile: null,
      allowPlainHttp: false,
      fileMaxBytes: 104_857_600,
      taskTimeoutSeconds: 30,
      logLevel: 'info',
    });
  });

  test('that are misspelt, out of bounds or incomplete refuse to start, by name', () => {
    expect(refusal({ ...base(), listenhost: 'x' })).toContain('listenhost');
    expect(refusal({ ...base(), port: 65_536 })).toContain('port:');
    expect(refusal({ ...base(), fileMaxBytes: 1 })).toContain('fileMaxBytes:');
    expect(refusal({ ...base(), rootKey: {} })).toContain('rootKey');
    expect(refusal({ ...base(), tlsKeyFile: 'k.pem' })).toContain('tlsKeyFile:');
    expect(refusal({ rootKey: base().rootKey })).toContain('dataFolder:');
  });

  test.each(['0.0.0.0', '::', '192.168.1.5', 'sallyport.internal', '128.0.0.1'])(
    'that listen on %s without TLS refuse to start, unless told so',
    (listenHost) => {
      expect(refusal({ ...base(), listenHost })).toContain('without TLS');
      expect(parseServerConfig({ ...base(), listenHost, allowPlainHttp: true }).listenHost).toBe(listenHost);
      const tls = { tlsCertificateFile: 'c.pem', tlsKeyFile: 'k.pem' };
      expect(parseServerConfig({ ...base(), listenHost, ...tls }).listenHost).toBe(listenHost);
    },
  );

  test.each(['127.0.0.1', '127.9.9.9', '::1', 'localhost'])('that listen on %s need no TLS', (listenHost) => {
    expect(parseServerConfig({ ...base(), listenHost }).listenHost).toBe(listenHost);
  });

  test('that cannot be used are an error with the setting named', async () => {
    const busy = createServer().listen(0, '127.0.0.1');
    await once(busy, 'listening');
    const { port } = busy.address() as { port: number };
    const silent = { ...base(), logLevel: 'silent' as const };
    await expect(startServer(parseServerConfig({ ...silent, port }))).rejects.toMatchObject({
      code: 'config-invalid',
      publicMessage: expect.stringContaining(`port ${port}`),
    });
    busy.close();
    const tls = { tlsCertificateFile: join(folder, 'none.pem'), tlsKeyFile: join(folder, 'none.pem') };
    await expect(startServer(parseServerConfig({ ...silent, ...tls }))).rejects.toMatchObject({
      code: 'config-invalid',
    });
    await writeFile(join(folder, 'file'), '');
    const under = { ...silent, dataFolder: join(folder, 'file', 'data') };
    await expect(startServer(parseServerConfig(under))).rejects.toMatchObject({ code: 'config-invalid' });
  });

  test('with the root key of another database refuse to start, and name the key that is needed', async () => {
    const first = parseServerConfig({ ...base(), port: 0, logLevel: 'silent' });
    await (await startServer(first)).close();
    const other = parseServerConfig({ ...base(), port: 0, logLevel: 'silent' });
    await expect(startServer(other)).rejects.toMatchObject({
      code: 'root-key-mismatch',
      data: { neededFingerprint: expect.stringMatching(/^SHA256:/) },
    });
    const again = await startServer(first);
    await again.close();
  });
});

describe('a log', () => {
  test('hides the fields that the schemas mark, which are these', () => {
    expect(redactedPaths()).toEqual([
      'beginTotp.body.password',
      'beginTotp.response.secret',
      'beginTotp.response.uri',
      'changeMyPassword.body.currentPassword',
      'changeMyPassword.body.newPassword',
      'config.rootKey.base64',
      'confirmTotp.body.code',
      'confirmTotp.response.recoveryCodes',
      'createApiKey.response.value',
      'createDelegateToken.response.value',
      'createResetLink.response.link',
      'createSecretsManager.body.settings.credentials.secretAccessKey',
      'delegateMessage.callerToken',
      'delegateMessage.token',
      'disableTotp.body.code',
      'disableTotp.body.password',
      'editSecretsManager.body.settings.credentials.secretAccessKey',
      'exchangeWorkloadIdentity.body.awsRequest.headers',
      'exchangeWorkloadIdentity.body.token',
      'exchangeWorkloadIdentity.response.value',
      'inspectLink.body.value',
      'inviteUser.response.link',
      'preflightSettings.body.settings.credentials.secretAccessKey',
      'putSso.body.clientSecret',
      'redeemLink.body.code',
      'redeemLink.body.password',
      'redeemLink.body.value',
      'renewRecoveryCodes.body.code',
      'renewRecoveryCodes.body.password',
      'renewRecoveryCodes.response.recoveryCodes',
      'serverMessage.access.secretAccessKey',
      'serverMessage.task.access.secretAccessKey',
      'serverMessage.task.request.headers',
      'signIn.body.code',
      'signIn.body.password',
      'signInForKey.body.code',
      'signInForKey.body.password',
      'signInForKey.response.value',
    ]);
  });

  test('holds no such field however deep it is, and no bytes', () => {
    const lines: string[] = [];
    const logger = createLogger({ level: 'info', destination: { write: (line) => void lines.push(line) } });
    const secret = 'unmistakable';
    logger.info(
      {
        a: [{ secretAccessKey: secret, token: secret, b: { value: secret } }],
        config: { rootKey: { base64: secret } },
      },
      'x',
    );
    logger.info(
      {
        bytes: Buffer.from(secret),
        token: null,
        deep: { a: { b: { c: { d: { e: { f: { g: { h: 1 } } } } } } } },
      },
      'y',
    );
    logger.error({ err: new AppError('internal', { publicMessage: 'p', message: 'what went wrong' }) }, 'z');
    expect(lines.join('')).not.toContain(secret);
    expect(JSON.parse(lines[1] ?? '')).toMatchObject({ bytes: '[12 bytes]', token: null });
    expect(lines[2]).toContain('what went wrong');
  });
});
