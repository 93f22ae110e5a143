// The settings of single sign-on as they are stored: one provider for the account, or none. Its client secret is under the root key and
// bound to provider and client, so that it cannot be led elsewhere by a change of the address.
import type { GroupId } from '@sallyport/core';
import type { SettingStore } from '../storage/store.ts';

export type SsoRow = {
  issuer: string;
  clientId: string;
  /** null: a public client. */
  encryptedClientSecret: string | null;
  displayName: string;
  scopes: readonly string[];
  /** Name of, or JSON pointer to, the claim with the user's groups; null: none. */
  groupClaim: string | null;
  groupMapping: readonly { value: string; groupId: GroupId }[];
  /** null: any user of the provider. */
  allowedDomains: readonly string[] | null;
  createUsers: boolean;
  updatedAtMs: number;
};

const SETTING = 'single-sign-on';

/** null: single sign-on is off. */
export async function readSso({ settings }: { settings: SettingStore }): Promise<SsoRow | null> {
  const text = await settings.get(SETTING);
  return text === null ? null : (JSON.parse(text) as SsoRow | null);
}

export async function writeSso({ settings }: { settings: SettingStore }, row: SsoRow | null): Promise<void> {
  await settings.set(SETTING, JSON.stringify(row));
}

/** What the client secret is bound to. */
export function secretBinding({ issuer, clientId }: Pick<SsoRow, 'issuer' | 'clientId'>): string {
  return JSON.stringify(['single sign-on', issuer, clientId]);
}
