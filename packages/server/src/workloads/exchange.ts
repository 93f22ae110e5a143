// The exchange: a workload shows an identity that it has elsewhere and gets a key for a short time. Why one is refused stands in the audit
// trail; the workload is told the same whatever the reason, and whether there is an issuer of that name or not.
import { AppError } from '@sallyport/core';
import type { ExchangeWorkloadIdentity, WorkloadKey } from '@sallyport/protocol';
import { insertWorkloadKey } from '../access/create-api-key.ts';
import type { SpentProofs } from '../access/spent-proofs.ts';
import { auditEntry } from '../audit/audit-entry.ts';
import { auditScopeOf } from '../http/operation.ts';
import type { OperationRequest } from '../http/operation.ts';
import type { Services } from '../services.ts';
import type { IssuerKeys } from './issuer-keys.ts';
import { verifyAwsRequest } from './verify-aws-request.ts';
import { verifyToken } from './verify-token.ts';
import type { Verdict } from './verify-token.ts';
import type { WorkloadIssuerRow } from './workload-issuer-store.ts';

export type ExchangeServices = Services & { issuerKeys: IssuerKeys; spentProofs: SpentProofs };
type ExchangeRequest = OperationRequest<'exchangeWorkloadIdentity'>;

const SUBJECT_MAX_CHARACTERS = 512;
/** A signed request is good for five minutes before and after its time. */
const AWS_REQUEST_LIFE_MS = 600_000;

/**
 * The operation `exchangeWorkloadIdentity`.
 * @throws {workload-refused} {rate-limited}, and what `verifyAwsRequest` throws
 */
export async function exchangeWorkloadIdentity(
  request: ExchangeRequest,
  services: ExchangeServices,
): Promise<WorkloadKey> {
  const { body, client } = request;
  const { store, guesses } = services;
  // By address only: by the name of an issuer somebody else could keep all of its workloads out. And many workloads share an address, that
  // of a cluster or of somebody's build machines: who has a valid token is let in whatever others there do.
  const guess = { account: null, address: client.address };
  if ('awsRequest' in body) guesses.requireTurn(guess);
  const issuer = await store.read(async ({ workloadIssuers }) => workloadIssuers.find(body.issuer));
  const verdict = await judge(body, issuer, services);
  if (issuer !== null && 'subject' in verdict) {
    const key = await admit(request, { issuer, subject: verdict.subject }, services);
    if (key !== null) return key;
  }
  const reason = reasonOf(verdict, issuer);
  return guesses.attempt(guess, async () => refuse(request, { issuer, reason }, services));
}

function reasonOf(verdict: Verdict, issuer: WorkloadIssuerRow | null): string {
  if (issuer === null) return 'there is no such issuer';
  return 'refused' in verdict ? verdict.refused : 'the issuer was changed meanwhile';
}

async function judge(
  body: ExchangeWorkloadIdentity,
  issuer: WorkloadIssuerRow | null,
  services: ExchangeServices,
): Promise<Verdict> {
  const settings = issuer?.settings ?? null;
  if ('awsRequest' in body) {
    const verdict = await verifyAwsRequest(
      body.awsRequest,
      settings?.kind === 'aws' ? settings : null,
      services,
    );
    if (
      'refused' in verdict ||
      services.spentProofs.spend(signatureIn(body.awsRequest), goodUntil(services))
    ) {
      return verdict;
    }
    return { refused: 'the request was used before' };
  }
  if (settings?.kind !== 'oidc') return { refused: 'the issuer is not one whose tokens are taken' };
  return verifyToken(body.token, settings, { keys: services.issuerKeys, clock: services.clock });
}

/** null: the issuer was changed or removed meanwhile. */
async function admit(
  request: ExchangeRequest,
  workload: { issuer: WorkloadIssuerRow; subject: string },
  services: ExchangeServices,
): Promise<WorkloadKey | null> {
  const { issuer } = workload;
  const subject = workload.subject.slice(0, SUBJECT_MAX_CHARACTERS);
  const scope = auditScopeOf(request, services.clock);
  const expiresAtMs = scope.atMs + issuer.ttlSeconds * 1000;
  const key = await services.store.write(async (tables) => {
    const now = await tables.workloadIssuers.find(issuer.id);
    if (now?.updatedAtMs !== issuer.updatedAtMs) return null;
    const { groupIds, restriction } = issuer;
    const inserted = await insertWorkloadKey(
      tables,
      { subject, issuerId: issuer.id, groupIds, restriction, createdAtMs: scope.atMs, expiresAtMs },
      services.ids,
    );
    const { id } = inserted.row;
    const details = {
      issuer: issuer.id,
      issuerName: issuer.name,
      groups: [...groupIds],
      expiresAtMs,
      address: request.client.address,
    };
    const byItself = { ...scope, actor: { id, name: subject }, actorKind: 'workload' } as const;
    await tables.audit.append([
      auditEntry(byItself, 'workload.admitted', { resource: id, resourceName: subject, details }),
    ]);
    return inserted;
  });
  return key && { apiKeyId: key.row.id, subject, value: key.value, expiresAtMs };
}

/** A name that is no issuer's is not recorded: it may be a token, put in the wrong place. */
async function refuse(
  request: ExchangeRequest,
  refusal: { issuer: WorkloadIssuerRow | null; reason: string },
  services: Pick<Services, 'store' | 'clock'>,
): Promise<never> {
  const { issuer, reason } = refusal;
  const subject = { resource: issuer?.id ?? 'unknown', resourceName: issuer?.name ?? null };
  const details = { reason, address: request.client.address };
  const scope = auditScopeOf(request, services.clock);
  await services.store.write(async ({ audit }) =>
    audit.append([auditEntry(scope, 'workload.refused', { ...subject, details })]),
  );
  throw new AppError('workload-refused', {
    publicMessage: 'The workload is not let in: its identity is not valid, or no rule of the issuer fits it.',
    data: { hint: 'Who may read the audit trail finds the reason there.' },
  });
}

/** What makes the request the one that it is; the rest of the header can be written in several ways. */
function signatureIn(request: { headers: Readonly<Record<string, string>> }): string {
  const authorization = Object.entries(request.headers).find(
    ([name]) => name.toLowerCase() === 'authorization',
  )?.[1];
  return /Signature=([0-9a-f]{64})/.exec(authorization ?? '')?.[1] ?? '';
}

function goodUntil({ clock }: Pick<Services, 'clock'>): number {
  return clock.nowMs() + AWS_REQUEST_LIFE_MS;
}
