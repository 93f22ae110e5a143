// The client of web pages in a real browser: its own WebCrypto seals and opens, against a real server and a real delegate, on a page under
// the product's content security policy. What was typed leaves the browser as ciphertext only.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'vite';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { tracesOf } from '../harness/traces-of.ts';
import { WebJourney } from './web-journey.ts';
import type { WatchedPage } from './web-journey.ts';

const SDK = join(import.meta.dirname, '../../packages/sdk/src/browser.ts');
/** Under the path from which a page may load scripts. */
const SDK_PATH = '/assets/sdk-under-test.js';

let journey: WebJourney;
let script: string;
let watched: WatchedPage;

beforeAll(async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-sdk-'));
  await build({
    configFile: false,
    logLevel: 'silent',
    build: {
      outDir: folder,
      target: 'chrome137',
      lib: { entry: SDK, formats: ['es'], fileName: 'sdk' },
      rolldownOptions: { output: { codeSplitting: false } },
    },
  });
  script = readFileSync(join(folder, 'sdk.js'), 'utf8');
  rmSync(folder, { recursive: true });
  journey = await WebJourney.start();
  const { deployment } = journey;
  await deployment.startDelegate({ name: 'vpc-1' });
  const settings = { kind: 'built-in' } as const;
  await deployment.client.call('createSecretsManager', {
    body: { name: 'ring', settings, makeDefault: true },
  });
  watched = await journey.setUp({ recordsBodies: true });
  await watched.page.route(`**${SDK_PATH}`, async (route) =>
    route.fulfill({ contentType: 'text/javascript', body: script }),
  );
}, 120_000);
afterEach(async () => {
  expect(watched.faults).toEqual([]);
});
afterAll(async () => journey?.close());

/** Runs in the page, with a client of the module under test and known delegates in the browser's storage. */
async function inPage<T>(
  run: (client: PageClient, given: { name: string; value: string }) => Promise<T>,
  given: { name: string; value: string },
): Promise<T> {
  // As text: what the test runner makes of an import would not run in a page.
  const expression = `(async () => {
    const { createBrowserClient, StoredKnownDelegates } = await import(${JSON.stringify(SDK_PATH)});
    const client = createBrowserClient({
      address: location.origin,
      knownDelegates: new StoredKnownDelegates(localStorage),
    });
    return (${run.toString()})(client, ${JSON.stringify(given)});
  })()`;
  return watched.page.evaluate(expression) as Promise<T>;
}

type PageClient = {
  get(name: string): Promise<string>;
  set(name: string, value: string): Promise<{ version: number }>;
  upload(
    name: string,
    bytes: () => AsyncIterable<Uint8Array>,
  ): Promise<{ version: number; valueBytes: number }>;
  getBytes(name: string): Promise<Uint8Array>;
};

test('a value that is typed goes out as ciphertext, and comes back as it was', async () => {
  const value = `canary-browser-${crypto.randomUUID()}`;
  const back = await inPage(
    async (client: PageClient, { name, value }) => {
      await client.set(name, value);
      return client.get(name);
    },
    { name: 'typed', value },
  );
  expect(back).toBe(value);
  expect(await journey.deployment.client.get('typed')).toBe(value);
  const sent = Buffer.concat(watched.sent);
  expect(tracesOf(Buffer.from('typed'), sent), 'the search looks').not.toEqual([]);
  expect(tracesOf(Buffer.from(value), sent)).toEqual([]);
  const stored = await watched.page.evaluate(() => JSON.stringify(localStorage));
  expect(stored).toContain('vpc-1');
  expect(stored).not.toContain(value);
});

test('a file of several chunks goes out as ciphertext and comes back byte for byte', async () => {
  const value = `canary-file-${crypto.randomUUID()}`;
  const outcome = await inPage(
    async (client: PageClient, { name, value }) => {
      const piece = new TextEncoder().encode(`${value}\n`.repeat(20_000));
      const written = await client.upload(name, async function* () {
        yield piece;
        yield piece;
        yield piece;
      });
      const back = new TextDecoder().decode(await client.getBytes(name));
      return { written, isSame: back === `${value}\n`.repeat(60_000) };
    },
    { name: 'sent-file', value },
  );
  expect(outcome.isSame).toBe(true);
  expect(outcome.written).toMatchObject({ version: 1, valueBytes: 60_000 * (value.length + 1) });
  expect(tracesOf(Buffer.from(value), Buffer.concat(watched.sent))).toEqual([]);
});

// Attack: a server that puts another key in the place of a delegate that this browser has met.
test('a delegate that shows another identity than the known one is refused, and nothing is sent to it', async () => {
  await watched.page.evaluate(() => {
    const key = 'sallyport.known-delegates';
    const content = JSON.parse(localStorage.getItem(key) ?? '{}');
    content.delegates[0].fingerprint = `SHA256:${'A'.repeat(43)}`;
    localStorage.setItem(key, JSON.stringify(content));
  });
  const before = watched.sent.length;
  const outcome = await inPage(
    async (client: PageClient, { name, value }) =>
      client.set(name, value).then(
        () => 'written',
        (error: { code: string }) => error.code,
      ),
    { name: 'typed', value: 'hunter2' },
  );
  expect(outcome).toBe('delegate-key-changed');
  const after = Buffer.concat(watched.sent.slice(before)).toString();
  expect(after).not.toContain('"sealed"');
});
