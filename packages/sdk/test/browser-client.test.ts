// The client of web pages keeps every promise of the client for Node: the same tests, with fetch for Node's HTTP and WebCrypto for
// node:crypto. Against the same double, whose delegate seals with node:crypto.
import { describe, expect, test, vi } from 'vitest';
import { createBrowserClient, sealingObstacle } from '@sallyport/sdk/browser';
import { webSealing } from '../src/delegates/web-sealing.ts';
import { lazyClientOver } from '../src/client/browser-client.ts';
import type { ClientOptions } from '../src/client/create-client.ts';
import { parseAddress, printAddress } from '../src/http/address.ts';
import { fetchTransport } from '../src/http/fetch-transport.ts';
import { UNCHECKED_ROUTES } from '../src/http/route-rows.ts';
import { DelegateDouble, ServerDouble } from './server-double.ts';

vi.mock('./client-under-test.ts', async () => ({
  // The session cookie aside: the double wants its key.
  createClient: (options: ClientOptions) => {
    const { address: given, allowPlainHttp = false, idleTimeoutMs = 120_000 } = options;
    const address = printAddress(parseAddress(given, { allowPlainHttp }));
    const transport = fetchTransport({ address, idleTimeoutMs });
    const ports = { transport, sealing: webSealing, routes: UNCHECKED_ROUTES };
    return lazyClientOver(ports, { ...options, token: options.token as string });
  },
  traits: { streamsUploads: false, ownsConnections: false, checksAnswers: false },
}));

describe('reading and writing', async () => {
  await import('./reading-and-writing.test.ts');
});
describe('against a lying server', async () => {
  await import('./lying-server.test.ts');
});
describe('progress', async () => {
  await import('./progress.test.ts');
});
describe('fail-over', async () => {
  await import('./fail-over.test.ts');
});

test('it sends no key of its own', async () => {
  await using server = await ServerDouble.start(new DelegateDouble('one'));
  const headers: unknown[] = [];
  server.script = {
    raw: (request) => {
      headers.push(request.headers.authorization, request.headers.referer);
      return false;
    },
  };
  await createBrowserClient({ address: `${server.address}/` })
    .call('whoAmI')
    .catch(() => undefined);
  expect(headers).toEqual([undefined, undefined]);
});

test('a browser that has what sealing takes is told so, and one without is told what it lacks', async () => {
  expect(await sealingObstacle()).toBeNull();
  const withoutCurve = vi
    .spyOn(crypto.subtle, 'generateKey')
    .mockRejectedValue(new Error('NotSupportedError'));
  expect((await sealingObstacle())?.publicMessage).toContain('X25519');
  withoutCurve.mockRestore();
  vi.stubGlobal('crypto', {});
  expect((await sealingObstacle())?.publicMessage).toContain('https');
  vi.unstubAllGlobals();
});
