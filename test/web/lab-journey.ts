// Secrets managers in a browser, against the lab: an installation with two delegates and somebody who may do everything, and what tests
// do with the form.
import { ACCOUNT_PERMISSIONS, APPLICATION_ACTIONS } from '@sallyport/core';
import type { Locator, Page } from 'playwright-core';
import { labTarget } from '../harness/aws-targets.ts';
import { makeUser, signedIn } from './people.ts';
import { WebJourney } from './web-journey.ts';
import type { WatchedPage } from './web-journey.ts';

const EVERYWHERE = [{ applications: 'all', environments: 'all' }] as const;
const OPERATOR = {
  account: [...ACCOUNT_PERMISSIONS],
  grants: [{ where: [...EVERYWHERE], actions: [...APPLICATION_ACTIONS] }],
};

export class LabJourney {
  readonly journey: WebJourney;
  readonly target: Awaited<ReturnType<typeof labTarget>>;

  private constructor(journey: WebJourney, target: Awaited<ReturnType<typeof labTarget>>) {
    this.journey = journey;
    this.target = target;
  }

  /** With the delegate `vpc-1` (selector `prod-vpc`), which has the lab's host role, and `edge-1` (`edge`), which has no credentials. */
  static async start(): Promise<LabJourney> {
    const target = await labTarget();
    const journey = await WebJourney.start();
    await makeUser(journey, 'olga', OPERATOR);
    const { environment } = target;
    await journey.deployment.startDelegate({ name: 'vpc-1', selectors: ['prod-vpc'], environment });
    await journey.deployment.startDelegate({
      name: 'edge-1',
      selectors: ['edge'],
      environment: { AWS_EC2_METADATA_DISABLED: 'true' },
    });
    return new LabJourney(journey, target);
  }

  /** A page of somebody who may do everything. */
  async open(path: string): Promise<WatchedPage> {
    const watched = await signedIn(this.journey, 'olga', path);
    watched.page.setDefaultTimeout(10_000);
    return watched;
  }

  /** The role that delegates of the lab find on their host. */
  hostRoleArn(): string {
    const role = this.target.lab.identities.roles().find(({ arn }) => arn.endsWith('/sallyport-delegate'));
    if (role === undefined) throw new Error('the lab has no role for its host');
    return role.arn;
  }

  /** To be called after each test. */
  async expectClean(): Promise<void> {
    this.target.lab.faults.clear();
    this.target.lab.keys.setState({ arn: this.target.keyArn, state: 'Enabled' });
    await this.journey.expectClean();
  }

  async close(): Promise<void> {
    await this.journey.close();
    await this.target.close();
  }
}

export const ADD_AWS = '/secrets-managers/add/aws-kms';

export const button = (page: Page, name: string): Locator => page.getByRole('button', { name, exact: true });

/** What a test or a refused save found out. */
export const reportOf = (page: Page): Locator => page.getByRole('region', { name: 'Test result' });

/** A failed stage of it. */
export const failedStage = (page: Page, delegate: string, stage: string): Locator =>
  reportOf(page).locator(`[data-delegate="${delegate}"] [data-stage="${stage}"][data-outcome="failed"]`);

export async function addSelector(page: Page, selector: string): Promise<void> {
  await page.getByRole('combobox', { name: 'Delegate Selector' }).fill(selector);
  await page.keyboard.press('Enter');
  // Closes the list below it.
  await page.keyboard.press('Tab');
}

/** Fills in what every credentials type needs. */
export async function fillIn(
  page: Page,
  given: { name: string; keyArn: string; selector: string | null },
): Promise<void> {
  await page.getByRole('textbox', { name: 'Display Name' }).fill(given.name);
  await page.getByRole('textbox', { name: 'Key ARN' }).fill(given.keyArn);
  if (given.selector !== null) await addSelector(page, given.selector);
}

export async function fillInRole(page: Page, roleArn: string, externalId: string): Promise<void> {
  await page.getByRole('radio', { name: /^Assume Role Using STS/ }).click();
  await page.getByRole('textbox', { name: 'Role ARN' }).fill(roleArn);
  await page.getByRole('textbox', { name: 'External ID' }).fill(externalId);
}

/** Saves a new one, and waits for it in the list. */
export async function saveIt(page: Page, name: string): Promise<void> {
  await button(page, 'Save').click();
  await page.getByRole('heading', { name: 'Configure Secrets Managers' }).waitFor();
  await page.getByRole('row', { name }).waitFor();
}

/** The accessible name of what has the focus, as far as labels tell. */
export async function focusedName(page: Page): Promise<string> {
  return page.evaluate(() => {
    const element = document.activeElement;
    if (element === null) return '';
    const labels =
      'labels' in element ? [...((element.labels as NodeListOf<HTMLLabelElement> | null) ?? [])] : [];
    const label = element.getAttribute('aria-label') ?? labels.map((one) => one.textContent).join(' ');
    return (label === '' ? (element.textContent ?? '') : label).trim();
  });
}

/** Notes the bodies of what a page sends from now on. They are Blobs, which the browser's own record of requests leaves out. */
export async function recordBodies(page: Page): Promise<() => Promise<Record<string, unknown>[]>> {
  await page.evaluate(() => {
    const send = window.fetch.bind(window);
    const bodies: Promise<string>[] = [];
    Object.assign(window, { bodiesOfThisTest: bodies });
    window.fetch = async (resource, options) => {
      if (options?.body instanceof Blob) bodies.push(options.body.text());
      return send(resource, options);
    };
  });
  return async () => {
    const texts = await page.evaluate(async () => {
      const { bodiesOfThisTest } = window as unknown as { bodiesOfThisTest: Promise<string>[] };
      return Promise.all(bodiesOfThisTest);
    });
    return texts.map((text) => JSON.parse(text) as Record<string, unknown>);
  };
}
