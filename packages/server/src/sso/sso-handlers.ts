// Operations of the API on the settings of single sign-on.
import { AppError } from '@sallyport/core';
import type { GroupId } from '@sallyport/core';
import { SSO_CALLBACK_PATH, SSO_START_PATH } from '@sallyport/protocol';
import type { SsoView } from '@sallyport/protocol';
import { mentionGroups } from '../access/api-key-view.ts';
import { readCatalogue } from '../applications/account-catalogue.ts';
import { auditEntry } from '../audit/audit-entry.ts';
import type { AuditEntry } from '../audit/audit-log.ts';
import { findGroup } from '../groups/find-group.ts';
import { requireAllOf, requireMayGive } from '../groups/give-rights.ts';
import { readRightsOfGroups } from '../groups/rights-directory.ts';
import { auditScopeOf } from '../http/operation.ts';
import type { Handlers, OperationRequest } from '../http/operation.ts';
import { checkIssuerUrl } from '../oidc/issuer-url.ts';
import type { Services } from '../services.ts';
import type { Tables } from '../storage/store.ts';
import { checkClaimName } from '../workloads/claim-rules.ts';
import { readSso, secretBinding, writeSso } from './sso-settings.ts';
import type { SsoRow } from './sso-settings.ts';

type SsoOperation = 'ssoStatus' | 'getSso' | 'putSso' | 'removeSso';
type SsoServices = Pick<Services, 'store' | 'clock' | 'rootKey' | 'publicAddress'>;
type Put = OperationRequest<'putSso'>;
type Detail = AuditEntry['details'][string];

export function ssoHandlers(services: SsoServices): Pick<Handlers, SsoOperation> {
  const { store, clock, publicAddress } = services;
  const callbackUrl = (): string => publicAddress.url + SSO_CALLBACK_PATH;
  return {
    ssoStatus: async () => {
      const sso = await store.read(readSso);
      const startPath = sso && SSO_START_PATH;
      return { enabled: sso !== null, displayName: sso?.displayName ?? null, startPath };
    },
    getSso: async () =>
      store.read(async (tables) => {
        const sso = await readSso(tables);
        return { sso: sso && (await viewSso(tables, sso, callbackUrl())) };
      }),
    putSso: async (request) =>
      store.write(async (tables) => viewSso(tables, await putSso(request, tables, services), callbackUrl())),
    removeSso: async (request) => {
      const scope = auditScopeOf(request, clock);
      await store.write(async (tables) => {
        const before = await readSso(tables);
        if (before === null) throw notSetUp();
        await writeSso(tables, null);
        const details = { issuer: before.issuer };
        const subject = { resource: 'sso', resourceName: before.displayName, details };
        await tables.audit.append([auditEntry(scope, 'sso.removed', subject)]);
      });
      return null;
    },
  };
}

/** @throws {invalid-request} {not-found} {forbidden} */
async function putSso(request: Put, tables: Tables, services: SsoServices): Promise<SsoRow> {
  const { body } = request;
  const scope = auditScopeOf(request, services.clock);
  const before = await readSso(tables);
  const { issuer, clientId, displayName, scopes, groupClaim, allowedDomains, createUsers } = body;
  checkIssuerUrl(issuer);
  if (groupClaim !== null) checkClaimName(groupClaim);
  if (groupClaim === null && body.groupMapping.length > 0) {
    throw invalid('A mapping of groups needs the claim that has them: groupClaim.');
  }
  const groupMapping = [];
  for (const { value, group } of body.groupMapping) {
    groupMapping.push({ value, groupId: (await findGroup(tables, group)).id });
  }
  await requireGivable(request, tables, groupMapping);
  const after: SsoRow = {
    issuer,
    clientId,
    encryptedClientSecret: secretAfter(body, before, services),
    displayName,
    scopes,
    groupClaim,
    groupMapping,
    allowedDomains,
    createUsers,
    // Later than before in any case: a sign-in under way is told by it that the settings have changed.
    updatedAtMs: Math.max(scope.atMs, (before?.updatedAtMs ?? 0) + 1),
  };
  await writeSso(tables, after);
  const details = { changes: changesBetween(before, after) };
  const subject = { resource: 'sso', resourceName: displayName, details };
  await tables.audit.append([auditEntry(scope, 'sso.configured', subject)]);
  return after;
}

/** Who maps a group gives its rights to whoever the provider puts into it. @throws {forbidden} */
async function requireGivable(
  { principal }: Put,
  tables: Tables,
  groupMapping: readonly { groupId: GroupId }[],
): Promise<void> {
  const ids = [...new Set(groupMapping.map(({ groupId }) => groupId))];
  const { rights } = await readRightsOfGroups(tables, ids);
  const given = { authority: { layers: [rights] }, catalogue: await readCatalogue(tables) };
  // A key is no way out of its own restriction, not even one that may administer.
  if (principal.sessionId === null) requireAllOf(principal, given);
  else requireMayGive(principal, given);
}

function secretAfter(
  { clientSecret, issuer, clientId }: Put['body'],
  before: SsoRow | null,
  { rootKey }: Pick<Services, 'rootKey'>,
): string | null {
  if (clientSecret === null) return null;
  const binding = secretBinding({ issuer, clientId });
  if (clientSecret !== undefined) return rootKey.encrypt(Buffer.from(clientSecret, 'utf8'), binding);
  // The secret that is stored must not be sent to whomever the address is changed to.
  if (before !== null && secretBinding(before) === binding) return before.encryptedClientSecret;
  throw invalid('Give the client secret, or null for a client that has none: provider or client id are new.');
}

async function viewSso(tables: Tables, row: SsoRow, callbackUrl: string): Promise<SsoView> {
  const { encryptedClientSecret, scopes, allowedDomains, groupMapping, ...rest } = row;
  const mentions = await mentionGroups(tables, [...new Set(groupMapping.map(({ groupId }) => groupId))]);
  return {
    ...rest,
    hasClientSecret: encryptedClientSecret !== null,
    scopes: [...scopes],
    groupMapping: groupMapping.map(({ value, groupId }) => ({
      value,
      group: mentions.find(({ id }) => id === groupId) ?? { id: groupId, name: null },
    })),
    allowedDomains: allowedDomains && [...allowedDomains],
    callbackUrl,
  };
}

/** Of the client secret it says only that it changed. */
function changesBetween(before: SsoRow | null, after: SsoRow): { field: string; from: Detail; to: Detail }[] {
  const from = before === null ? {} : printSso(before);
  const changes = Object.entries(printSso(after))
    .map(([field, to]) => ({ field, from: from[field] ?? null, to }))
    .filter((change) => JSON.stringify(change.from) !== JSON.stringify(change.to));
  const hadSecret = before?.encryptedClientSecret ?? null;
  if (hadSecret === after.encryptedClientSecret) return changes;
  const shown = (secret: string | null): string | null => secret && '[redacted]';
  return [
    ...changes,
    { field: 'clientSecret', from: shown(hadSecret), to: shown(after.encryptedClientSecret) },
  ];
}

function printSso(row: SsoRow): Record<string, Detail> {
  const { issuer, clientId, displayName, scopes, groupClaim, groupMapping, allowedDomains, createUsers } =
    row;
  return {
    issuer,
    clientId,
    displayName,
    scopes: [...scopes],
    groupClaim,
    groupMapping: groupMapping.map(({ value, groupId }) => `${value} -> ${groupId}`),
    allowedDomains: allowedDomains && [...allowedDomains],
    createUsers,
  };
}

function invalid(publicMessage: string): AppError {
  return new AppError('invalid-request', { publicMessage });
}

function notSetUp(): AppError {
  return new AppError('not-found', { publicMessage: 'Single sign-on is not set up.' });
}
