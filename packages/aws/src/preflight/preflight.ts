// Tries settings before they are saved, or when somebody presses "Test": identity, role, key, permissions, and a real round trip.
// Says for everything that fails what is missing; fails for nothing that the product can do without.
import { parseKeyArn } from '@sallyport/core';
import type { AwsAccess } from '../credentials/manager-credentials.ts';
import { ManagerClients } from '../runtime/manager-clients.ts';
import type { ClientParts } from '../runtime/manager-clients.ts';
import { StageLog } from './preflight-result.ts';
import type { PreflightOptions, PreflightResult } from './preflight-result.ts';
import { stepsOfKey, tryKey, tryPermissions, tryRoundTrip } from './try-key.ts';
import { stepsOfIdentity, tryBase, tryRole } from './try-role.ts';

/** @throws the reason of `options.signal` when it aborts */
export async function runPreflight(
  parts: ClientParts,
  access: AwsAccess,
  options: PreflightOptions,
): Promise<PreflightResult> {
  const { signal, context } = options;
  const { settings } = access;
  const { keyArn, formerKeyArns, credentials: type } = settings;
  const clients = new ManagerClients(parts, access, { keyArn, formerKeyArns });
  const { credentials } = clients;
  const isRole = type.type === 'sts-role';
  const log = new StageLog(options, [...stepsOfIdentity({ isRole }), ...stepsOfKey(keyArn)]);
  const identity = await tryBase(log, { credentials, needsSts: isRole });
  if (isRole) await tryRole(log, { credentials, role: type, identity }, signal);
  const { region } = parseKeyArn(keyArn);
  const trial = {
    calls: clients.in(region),
    keyArn,
    context,
    fixedContext: settings.context,
    signal,
  };
  const resolved = await tryKey(log, trial);
  const narrowed =
    resolved === null || resolved === keyArn
      ? trial
      : { ...trial, keyArn: resolved, calls: narrowedCalls(parts, access, resolved) };
  await tryPermissions(log, narrowed);
  await tryRoundTrip(log, narrowed);
  if (resolved !== null) warnOfRetargetedAlias(log, access, resolved);
  const ok = !log.hasFailed;
  return { ok, identity, pinnedKeyArn: resolved, stages: log.stages, warnings: log.warnings };
}

/** Clients whose session is limited to the key itself: as the product will have them once the alias is resolved. */
function narrowedCalls(parts: ClientParts, access: AwsAccess, keyArn: string) {
  const { formerKeyArns } = access.settings;
  return new ManagerClients(parts, access, { keyArn, formerKeyArns }).in(parseKeyArn(keyArn).region);
}

function warnOfRetargetedAlias(log: StageLog, access: AwsAccess, resolved: string): void {
  const { keyArn, pinnedKeyArn } = access.settings;
  if (pinnedKeyArn === keyArn || pinnedKeyArn === resolved) return;
  if (parseKeyArn(keyArn).type !== 'alias') return;
  log.warn(
    'alias-retargeted',
    `The alias ${keyArn} now points to ${resolved}. Secrets are still protected with ${pinnedKeyArn} until the secrets manager is saved again.`,
  );
}
