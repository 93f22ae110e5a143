// What people with only some rights meet: exactly the pages and buttons that their rights allow, by the navigation and by address.
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Page } from 'playwright-core';
import { ACCOUNT_PERMISSIONS } from '@sallyport/core';
import type { AccountPermission } from '@sallyport/core';
import { makeUser, signedIn } from './people.ts';
import { WebJourney } from './web-journey.ts';

let journey: WebJourney;
let application: string;
let service: string;

beforeAll(async () => {
  journey = await WebJourney.start();
  const { client } = journey.deployment;
  const made = await client.call('createApplication', {
    body: { name: 'shop', environments: [{ name: 'prod', type: 'production' }] },
  });
  application = `/applications/${made.id}`;
  const { id } = await client.call('createService', {
    params: { application: 'shop' },
    body: { name: 'api' },
  });
  service = `${application}/services/${id}`;
}, 120_000);
afterEach(async () => journey.expectClean());
afterAll(async () => journey?.close());

/** Pages that take a permission, with what can be done on each. Whoever lacks it is told so there. */
const PAGES = {
  '/applications': { label: 'Applications', buttons: ['New application'] },
  '/access/users': { label: 'Users', buttons: ['Invite user'] },
  '/access/groups': { label: 'User groups', buttons: ['New user group'] },
  '/access/api-keys': { label: 'API keys', buttons: ['New API key'] },
  '/access/workloads': { label: 'Workloads', buttons: ['Let workloads in'] },
  '/access/single-sign-on': { label: 'Single sign-on', buttons: ['Set up single sign-on'] },
  '/audit': { label: 'Audit trail', buttons: ['Checkpoints and sinks', 'Verify', 'Export'] },
} as const;
type Address = keyof typeof PAGES;
const ADDRESSES = Object.keys(PAGES) as Address[];

const SEEN: Readonly<Record<AccountPermission, readonly Address[]>> = {
  'manage-secrets-managers': [],
  'manage-secrets': [],
  'manage-delegates': [],
  'manage-applications': ['/applications'],
  'manage-users-and-groups': ['/access/users', '/access/groups'],
  'manage-api-keys': ['/access/api-keys'],
  'view-audit-trail': ['/audit'],
  'force-delete-secrets': [],
  'run-scripts': [],
  administer: ['/access/workloads', '/access/single-sign-on'],
};

/** Pages whose list shows what the caller may see, be it nothing, and so refuse nobody. */
const FOR_EVERYBODY: readonly Address[] = ['/applications', '/access/groups', '/access/api-keys'];

/** Where everybody can make something: a key of their own. */
const MAKES_OWN: Address = '/access/api-keys';

describe('account permissions', () => {
  test.each(ACCOUNT_PERMISSIONS)(
    '%s',
    async (permission) => {
      const name = `only-${permission}`;
      await makeUser(journey, name, { account: [permission] });
      const { page } = await signedIn(journey, name, '/account');
      const seen = SEEN[permission];
      const links = await page.getByRole('navigation', { name: 'Areas' }).getByRole('link').allTextContents();
      const labels: string[] = ADDRESSES.map((address) => PAGES[address].label);
      expect(links.filter((label) => labels.includes(label))).toEqual(
        ADDRESSES.filter((address) => seen.includes(address)).map((address) => PAGES[address].label),
      );
      for (const address of ADDRESSES) {
        await page.goto(journey.address(address));
        await page.getByRole('heading', { level: 1 }).waitFor();
        const isAllowed = seen.includes(address) || address === MAKES_OWN;
        if (isAllowed) {
          for (const button of PAGES[address].buttons) await actionOf(page, button).waitFor();
        } else if (FOR_EVERYBODY.includes(address)) {
          await page.getByRole('main').locator('table, h2').first().waitFor();
        } else {
          await page.locator('[data-error-code="forbidden"]').waitFor();
        }
        const found = await those(page, PAGES[address].buttons);
        expect(found, address).toEqual(isAllowed ? PAGES[address].buttons : []);
      }
    },
    60_000,
  );
});

describe('grants for applications', () => {
  const everywhere = [{ applications: 'all' as const, environments: 'all' as const }];
  const inProduction = [{ applications: 'all' as const, environments: 'production' as const }];

  test.each([
    { name: 'nothing', where: null, actions: [], allowed: null },
    { name: 'read', where: everywhere, actions: ['read' as const], allowed: [] },
    {
      name: 'update',
      where: everywhere,
      actions: ['update' as const],
      allowed: ['Rename', 'Rename environment prod', 'service Rename', 'service Add variable or file'],
    },
    {
      name: 'update-production',
      where: inProduction,
      actions: ['update' as const],
      allowed: ['Rename environment prod', 'service Add variable or file'],
    },
    {
      name: 'create',
      where: everywhere,
      actions: ['create' as const],
      allowed: ['Add environment', 'Add service'],
    },
    {
      name: 'create-production',
      where: inProduction,
      actions: ['create' as const],
      allowed: ['Add environment'],
    },
    {
      name: 'delete',
      where: everywhere,
      actions: ['delete' as const],
      allowed: ['Delete environment prod', 'service Delete'],
    },
  ])(
    '$name',
    async ({ name, where, actions, allowed }) => {
      const grants = where === null ? [] : [{ where, actions: [...actions] }];
      await makeUser(journey, `grant-${name}`, { grants });
      const { page } = await signedIn(journey, `grant-${name}`, application);
      if (allowed === null) {
        await page.locator('[data-error-code="not-found"]').waitFor();
        return;
      }
      await page.getByRole('heading', { level: 1, name: 'shop' }).waitFor();
      const onApplication = [
        'Rename',
        'Delete',
        'Add environment',
        'Rename environment prod',
        'Delete environment prod',
        'Add service',
      ];
      const found = await those(page, onApplication);
      await page.goto(journey.address(service));
      await page.getByRole('heading', { level: 1, name: 'api' }).waitFor();
      await page.getByRole('heading', { name: 'It refers to no secret yet' }).waitFor();
      const onService = await those(page, ['Rename', 'Delete', 'Add variable or file']);
      expect([...found, ...onService.map((button) => `service ${button}`)].sort()).toEqual(
        [...allowed].sort(),
      );
    },
    60_000,
  );
});

/** A button, or a link that looks like one. */
const actionOf = (page: Page, name: string) =>
  page
    .getByRole('main')
    .getByRole('button', { name, exact: true })
    .or(page.getByRole('main').getByRole('link', { name, exact: true }));

async function those(page: Page, names: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (const name of names) if ((await actionOf(page, name).count()) > 0) found.push(name);
  return found;
}
