// TLS to the server: an unknown authority is refused, the operator's CA file is believed.
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:https';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { WebSocketServer } from 'ws';
import { parseDelegateConfig, startDelegate } from '../src/index.ts';
import type { RunningDelegate } from '../src/index.ts';
import { makeFolder, memoryLogger } from './delegate-fixture.ts';
import { ManualTime } from './manual-time.ts';
import { TEST_TLS_CERTIFICATE, TEST_TLS_KEY } from './tls-certificate.ts';

/** What a delegate does about a server with a self-signed certificate. */
async function dialTls(
  options: { ca: string | null; host?: string },
  judge: (delegate: RunningDelegate, socketOpened: Promise<unknown>) => Promise<void>,
): Promise<void> {
  const https = createServer({ key: TEST_TLS_KEY, cert: TEST_TLS_CERTIFICATE });
  const sockets = new WebSocketServer({ server: https });
  https.listen(0, options.host === '[::1]' ? '::1' : '127.0.0.1');
  await once(https, 'listening');
  await using folder = await makeFolder();
  const caFile = join(folder.path, 'ca.pem');
  if (options.ca !== null) await writeFile(caFile, options.ca);
  const config = parseDelegateConfig({
    serverUrl: `https://${options.host ?? 'localhost'}:${(https.address() as AddressInfo).port}`,
    name: 'one',
    dataFolder: join(folder.path, 'data'),
    caFile: options.ca === null ? null : caFile,
  });
  const opened = once(sockets, 'connection');
  try {
    const delegate = await startDelegate(config, { ...memoryLogger(), time: new ManualTime() });
    try {
      await judge(delegate, opened);
    } finally {
      await delegate.close();
    }
  } finally {
    for (const socket of sockets.clients) socket.terminate();
    https.closeAllConnections();
    https.close();
  }
}

/** Why the first attempt failed. */
async function failureOf(delegate: RunningDelegate): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  delegate.onState((state) => {
    if (state.name === 'waiting') resolve(state.detail);
  });
  return promise;
}

describe('a server with a certificate of a private authority', () => {
  test('is reached when that authority is in the CA file', async () => {
    await dialTls({ ca: TEST_TLS_CERTIFICATE }, async (_delegate, socketOpened) => {
      await socketOpened;
    });
  });

  test('is not reached without it, and the state says why', async () => {
    await dialTls({ ca: null }, async (delegate) => {
      expect(await failureOf(delegate)).toContain('self-signed certificate');
    });
  });

  test('is not reached by an address that the certificate does not have', async () => {
    await dialTls({ ca: TEST_TLS_CERTIFICATE, host: '[::1]' }, async (delegate) => {
      expect(await failureOf(delegate)).toContain('does not match certificate');
    });
  });

  test('with a CA file that holds no certificate, the delegate does not start', async () => {
    await expect(dialTls({ ca: 'not a certificate' }, () => Promise.resolve())).rejects.toMatchObject({
      code: 'config-invalid',
      message: expect.stringContaining('ca.pem'),
    });
  });
});
