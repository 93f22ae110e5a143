// Verifying the audit trail in a browser: what is proven is said, and so is what is not; an attacker who can write to the database file is
// found by the chain or by what this browser saw before. Other attacks, and signatures, are in packages/protocol/test/audit-verify.test.ts.
import { existsSync } from 'node:fs';
import { cp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { rewriteFrom, tamper } from '../harness/tamper-audit.ts';
import { judgePage } from './judge-page.ts';
import { button, startSecretsJourney, valueField } from './secrets-journey.ts';
import type { SecretsJourney } from './secrets-journey.ts';
import type { StorageState, WebJourney } from './web-journey.ts';

let journey: WebJourney;
let open: SecretsJourney['open'];
/** Of a browser that has sealed a value and has verified the trail. */
let storageState: StorageState;

beforeAll(async () => {
  ({ journey, open } = await startSecretsJourney());
  await journey.deployment.client.call('createAuditCheckpoint');
}, 120_000);
afterEach(async () => journey?.expectClean());
afterAll(async () => journey?.close());

const finding = async (page: Page, about: string): Promise<string> =>
  page.locator(`[data-finding="${about}"]`).innerText();

async function verify(page: Page): Promise<void> {
  await button(page, 'Verify now').click();
  await page.locator('[data-verdict]').waitFor();
}

test('says what the chain, the signatures and this browser prove, and what is not proven yet', async () => {
  const { page } = await open('/audit');
  await page.getByRole('link', { name: 'Verify', exact: true }).click();
  await verify(page);
  expect(await finding(page, 'chain')).toMatch(/^Records 1 to \d+ are an unbroken chain/);
  expect(await finding(page, 'witness')).toContain('This browser knows none of the delegates');
  expect(await finding(page, 'seen')).toContain('had not verified this trail before');
  await judgePage(page, 'audit-verify-unknown');

  // Whoever has sealed a value for a delegate knows it.
  await page.goto(journey.address('/secrets/add/text?name=first&application=shop&environment=staging'));
  await valueField(page).fill('x');
  await button(page, 'Seal and store').click();
  await page.getByRole('heading', { name: 'first' }).waitFor();
  const { sequence } = await journey.deployment.client.call('createAuditCheckpoint');
  await page.goto(journey.address('/audit/verify'));
  await verify(page);
  const upTo = sequence.toLocaleString('en');
  expect(await finding(page, 'witness')).toContain(`has signed everything up to record ${upTo}`);
  expect(await finding(page, 'seen')).toMatch(/^Record \d+, which this browser saw .* is still there/);
  await judgePage(page, 'audit-verify');
  storageState = await page.context().storageState();
}, 120_000);

const attacks: [string, (database: DatabaseSync) => void, RegExp][] = [
  [
    'a record that was changed',
    (database) => database.exec("UPDATE audit_records SET actor_name = 'somebody else' WHERE sequence = 5"),
    /broken at record 5\n+Audit record 5 was changed after it was written\.[^]*written \d{4}-/,
  ],
  [
    'a past that was rewritten and chained anew with no signature left, by what this browser saw before',
    (database) => {
      rewriteFrom(database, 3);
      database.exec('DELETE FROM audit_checkpoints');
    },
    /is not the one that what this browser saw before is about: the trail was rewritten/,
  ],
];

test.each(attacks)(
  'finds %s',
  async (_, change, words) => {
    const { deployment } = journey;
    const folder = join(deployment.folder, 'server');
    // As it was before anybody attacked it.
    const honest = join(deployment.folder, 'honest');
    await deployment.delegates.get('vpc-1')?.stop();
    await deployment.server.stop();
    if (!existsSync(honest)) await cp(folder, honest, { recursive: true });
    await rm(folder, { recursive: true });
    await cp(honest, folder, { recursive: true });
    tamper(folder, change);
    await deployment.startServer();
    const { page } = await open('/audit/verify', { storageState });
    await verify(page);
    const alert = page.locator('[data-verdict="broken"]');
    expect(await alert.innerText()).toMatch(words);
    if (words === attacks[0]?.[2]) await judgePage(page, 'audit-verify-broken');
  },
  60_000,
);
