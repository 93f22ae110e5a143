// Reads many values in one call: one lookup, one task, one seal, one commit of the records. This is the hot path of the product.
import { AppError } from '@sallyport/core';
import type { ResolvedSecrets, TaskResultOf } from '@sallyport/protocol';
import type { DelegateConnection } from '../fleet/delegate-connection.ts';
import { auditScopeOf } from '../http/operation.ts';
import type { OperationRequest } from '../http/operation.ts';
import type { SecretsManagerRow } from '../secrets-managers/secrets-manager-store.ts';
import type { Services } from '../services.ts';
import { managersOf, unresolvedItem } from './find-readable.ts';
import type { Findings, FoundItem } from './find-readable.ts';
import { recordRefusal, recordReleases, recordUnreadable } from './release-record.ts';
import type { ReleaseContext } from './release-record.ts';
import { askerOf } from './secret-asker.ts';
import { placeInTask } from './task-place.ts';

/** @throws see the route `resolveSecrets` */
export async function resolveSecrets(
  request: OperationRequest<'resolveSecrets'>,
  services: Services,
): Promise<ResolvedSecrets> {
  const { body } = request;
  const asker = await askerOf(request, services);
  const findings = await services.lookups.find({ references: body.items, asker });
  const unresolved = findings.unreadable.map(unresolvedItem);
  const scope = auditScopeOf(request, services.clock);
  if (findings.items.length === 0) {
    // Nothing to seal: an empty answer, and for every item the reason.
    await recordUnreadable(findings.unreadable, { scope, releases: services.releases });
    return { answer: '', unresolved };
  }
  const managers = [...(await managersOf(findings.items, services.directory)).values()];
  const needs = managers.map(({ settings }) => settings);
  const delegate = services.fleet.delegates.require(body.delegateId, needs);
  const context: ReleaseContext = { scope, releases: services.releases, delegate };
  const result = await decrypt(request, findings, { managers, delegate, context, services });
  const failures = new Map(result.failures.map(({ reference, error }) => [reference, error.code]));
  await recordReleases(
    findings.items.map((item) => ({ item, refusedWith: failures.get(item.reference) ?? null })),
    findings.unreadable,
    context,
  );
  // What failed at the delegate stands in its sealed answer; naming it here as well would answer it twice.
  return { answer: result.answer, unresolved };
}

async function decrypt(
  request: OperationRequest<'resolveSecrets'>,
  findings: Findings,
  by: {
    managers: SecretsManagerRow[];
    delegate: DelegateConnection;
    context: ReleaseContext;
    services: Services;
  },
): Promise<TaskResultOf<'resolve'>> {
  const { body } = request;
  try {
    return await by.services.dispatcher.run<'resolve'>(
      by.delegate,
      {
        kind: 'resolve',
        requestId: body.requestId,
        items: findings.items.map(taskItem),
        unresolved: findings.unreadable.map(({ reference }) => reference),
        sealed: body.sealed,
      },
      { managers: by.managers },
    );
  } catch (thrown) {
    if (thrown instanceof AppError) await recordRefusal(findings.items, thrown, by.context);
    throw thrown;
  }
}

/** What a task carries of one secret version. */
export function taskItem(item: FoundItem): ReturnType<typeof readItem> & { envelope: string } {
  const { envelope } = item.found.version;
  const bytes = 'inline' in envelope ? envelope.inline : new Uint8Array();
  return {
    ...readItem(item),
    envelope: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64'),
  };
}

/** What a task says of one secret version. Its name is the one by which it was asked for. */
export function readItem({ reference, found, place }: FoundItem) {
  const { secret, version, foundAs } = found;
  return {
    reference,
    secretId: secret.id,
    name: foundAs,
    kind: secret.kind,
    version: version.version,
    secretsManagerId: version.secretsManagerId,
    place: placeInTask(place),
  };
}
