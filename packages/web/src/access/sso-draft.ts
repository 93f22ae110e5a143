// The settings of single sign-on while somebody edits them.
import type { CallInput } from '@sallyport/sdk/browser';
import type { SsoView } from '@sallyport/protocol';

/** `keep`: the one that is stored. `none`: a public client. */
export type SecretChoice = 'keep' | 'new' | 'none';
export type MappingDraft = { key: number; value: string; group: string | null };

export type SsoDraft = {
  issuer: string;
  clientId: string;
  secretChoice: SecretChoice;
  clientSecret: string;
  displayName: string;
  scopes: string[];
  groupClaim: string;
  mapping: MappingDraft[];
  domains: string[];
  createUsers: boolean;
};

export function ssoDraftOf(sso: SsoView | null): SsoDraft {
  return {
    issuer: sso?.issuer ?? '',
    clientId: sso?.clientId ?? '',
    secretChoice: sso === null ? 'new' : sso.hasClientSecret ? 'keep' : 'none',
    clientSecret: '',
    displayName: sso?.displayName ?? 'single sign-on',
    scopes: sso?.scopes ?? ['openid', 'profile', 'email'],
    groupClaim: sso?.groupClaim ?? '',
    mapping: (sso?.groupMapping ?? []).map(({ value, group }, index) => ({
      key: index + 1,
      value,
      group: group.id,
    })),
    domains: sso?.allowedDomains ?? [],
    createUsers: sso?.createUsers ?? false,
  };
}

/** Whether the stored client secret would go on counting: it belongs to one client at one provider. */
export function mayKeepSecret({ issuer, clientId }: SsoDraft, sso: SsoView | null): boolean {
  return sso !== null && sso.hasClientSecret && issuer === sso.issuer && clientId === sso.clientId;
}

export type SsoComplaints = Partial<
  Record<'issuer' | 'clientId' | 'clientSecret' | 'displayName' | 'mapping' | 'domains', string>
>;

/** What keeps the draft from being sent, field by field. Empty: nothing. */
export function judgeSso(draft: SsoDraft, sso: SsoView | null): SsoComplaints {
  const { issuer, clientId, secretChoice, clientSecret, displayName, groupClaim, mapping, domains } = draft;
  const unfinished = mapping.some(({ value, group }) => value === '' || group === null);
  const wrongDomain = domains.find((domain) => !/^[a-z0-9.-]{1,253}$/.test(domain));
  return {
    ...(/^https?:\/\/\S+$/.test(issuer) ? {} : { issuer: 'An address such as https://login.example.com.' }),
    ...(clientId === '' ? { clientId: 'As the provider knows this server.' } : {}),
    ...(secretChoice === 'new' && clientSecret === '' ? { clientSecret: 'Paste it here.' } : {}),
    ...(secretChoice === 'keep' && !mayKeepSecret(draft, sso)
      ? { clientSecret: 'Another provider or client id needs its own secret.' }
      : {}),
    ...(displayName.trim() === '' ? { displayName: 'It needs a name on the sign-in page.' } : {}),
    ...(unfinished ? { mapping: 'Each row has a value and a user group.' } : {}),
    ...(mapping.length > 0 && groupClaim.trim() === ''
      ? { mapping: 'Name the claim that has these values.' }
      : {}),
    ...(wrongDomain === undefined ? {} : { domains: `“${wrongDomain}” is not a domain in lower case.` }),
  };
}

/** What to send for a draft without complaints. */
export function ssoInputOf(draft: SsoDraft): CallInput<'putSso'>['body'] {
  const { secretChoice, clientSecret, groupClaim, mapping, domains } = draft;
  return {
    issuer: draft.issuer,
    clientId: draft.clientId,
    ...(secretChoice === 'keep' ? {} : { clientSecret: secretChoice === 'none' ? null : clientSecret }),
    displayName: draft.displayName.trim(),
    scopes: draft.scopes,
    groupClaim: groupClaim.trim() === '' ? null : groupClaim.trim(),
    groupMapping: mapping.map(({ value, group }) => ({ value, group: group ?? '' })),
    allowedDomains: domains.length === 0 ? null : domains,
    createUsers: draft.createUsers,
  };
}
