// `node scripts/pictures.ts`: the pictures of the web UI in README.md and the guide, made anew in docs/images/ from a server with some secrets.
// What they show is what there is: run it when a page that they show has changed.
import { spawnSync } from 'node:child_process';
import { mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { Deployment } from '../test/harness/deployment.ts';
import { launchChromium } from '../test/web/chromium.ts';

const FOLDER = join(import.meta.dirname, '../docs/images');
const MAX_BYTES = 150_000;
const ENVIRONMENTS = [
  { name: 'production', type: 'production' },
  { name: 'staging', type: 'non-production' },
  { name: 'development', type: 'non-production' },
] as const;
/** By name, the environments in which it exists. */
const SECRETS: Readonly<Record<string, readonly string[]>> = {
  'database-url': ['production', 'staging', 'development'],
  'mail-token': ['production', 'staging'],
  'payment-key': ['production', 'staging'],
  'session-signing-key': ['production', 'staging', 'development'],
  'webhook-secret': ['production'],
};

async function fill({ client }: Deployment): Promise<void> {
  const settings = { kind: 'built-in' } as const;
  await client.call('createSecretsManager', { body: { name: 'main-key', settings, makeDefault: true } });
  await client.call('createApplication', { body: { name: 'shop', environments: [...ENVIRONMENTS] } });
  for (const [name, environments] of Object.entries(SECRETS)) {
    for (const environment of environments) {
      const reference = `sally://shop/${environment}/${name}`;
      await client.set(reference, 'an example');
      if (environment === 'production') await client.set(reference, 'a newer example');
      for (let reads = name.length % 5; reads > 0; reads--) await client.get(reference);
    }
  }
}

async function signIn(page: Page, deployment: Deployment): Promise<void> {
  await page.goto((await deployment.server.call<string | null>('createSetupLink')) ?? '');
  await page.getByLabel('User name').fill('ada');
  await page.getByLabel(/^Password/).fill('four unusual words here');
  await page.getByRole('button', { name: 'Create the administrator' }).click();
  await page.getByRole('navigation', { name: 'Areas' }).waitFor();
}

async function takePicture(page: Page, name: string): Promise<void> {
  const path = join(FOLDER, `${name}.png`);
  await page.screenshot({ path, animations: 'disabled', caret: 'hide' });
  const bytes = statSync(path).size;
  console.log(`${path}: ${Math.round(bytes / 1000)} KB`);
  if (bytes > MAX_BYTES)
    throw new Error(`${name}.png has ${bytes} bytes; ${MAX_BYTES} are the most for a picture`);
}

mkdirSync(FOLDER, { recursive: true });
const built = spawnSync(process.execPath, [join(import.meta.dirname, 'build-web.ts')], { stdio: 'inherit' });
if (built.status !== 0) throw new Error('the web UI could not be built');
const browser = await launchChromium();
const deployment = await Deployment.start();
try {
  await deployment.startDelegate({ name: 'vpc-1' });
  await fill(deployment);
  const page = await browser.newPage({
    viewport: { width: 1280, height: 680 },
    colorScheme: 'light',
    reducedMotion: 'reduce',
  });
  await signIn(page, deployment);
  await page.goto(`${deployment.address}/#/secrets/text`);
  await page.getByRole('row', { name: /webhook-secret/ }).waitFor();
  await takePicture(page, 'secrets');
  await page.emulateMedia({ colorScheme: 'dark' });
  await page.goto(`${deployment.address}/#/secrets/grid/shop`);
  await page.locator('tr[data-name="webhook-secret"]').waitFor();
  await takePicture(page, 'grid');
} finally {
  await browser.close();
  await deployment.close();
}
