// People with chosen rights, for tests of what each of them sees.
import type { CallInput } from '@sallyport/sdk/browser';
import type { WatchedPage, WebJourney } from './web-journey.ts';

export const PASSWORD = 'three other plain words';

type Rights = Partial<Pick<CallInput<'createGroup'>['body'], 'account' | 'grants'>>;

/** Makes a user with just these rights, who can sign in with `PASSWORD`. */
export async function makeUser(journey: WebJourney, name: string, rights: Rights = {}): Promise<void> {
  const { client } = journey.deployment;
  const group = await client.call('createGroup', { body: { name: `${name} group`, ...rights } });
  const { link } = await client.call('inviteUser', { body: { name, groups: [group.id] } });
  const value = link.split('/').at(-1) ?? '';
  await client.call('redeemLink', { body: { value, password: PASSWORD } });
}

/** A page of their own browser at this path, signed in. */
export async function signedIn(journey: WebJourney, name: string, path: string): Promise<WatchedPage> {
  const watched = await journey.openAs({ name, password: PASSWORD }, path);
  await watched.page.getByRole('navigation', { name: 'Areas' }).waitFor();
  return watched;
}
