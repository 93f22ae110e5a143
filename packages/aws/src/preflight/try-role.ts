// The part of a preflight that is about identity: who the delegate is, whether it may assume the role, and whether the role's trust
// policy demands the external ID. The last is what keeps somebody else's delegate from being talked into assuming the role.
import { isAppError } from '@sallyport/core';
import type { Credentials } from '@sallyport/core';
import type { ManagerCredentials } from '../credentials/manager-credentials.ts';
import { policyPrincipalOf } from '../sts/caller-identity.ts';
import type { CallerIdentity } from '../sts/caller-identity.ts';
import { trustPolicyStatement } from '../failure/policy-statement.ts';
import type { StageLog, Step } from './preflight-result.ts';

const TRIAL_SECONDS = 900;
// The session of a trial is worthless, whoever gets hold of it.
const NO_RIGHTS = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Deny', Action: '*', Resource: '*' }],
});

type StsRole = Extract<Credentials, { type: 'sts-role' }>;

const LOAD = { stage: 'credentials', action: 'credentials' } as const;
const IDENTITY = { stage: 'credentials', action: 'sts:GetCallerIdentity' } as const;
const ASSUME_ROLE = { stage: 'assume-role', action: 'sts:AssumeRole' } as const;

/** The steps of this part, in their order. */
export function stepsOfIdentity({ isRole }: { isRole: boolean }): Step[] {
  return [LOAD, IDENTITY, ...(isRole ? [ASSUME_ROLE] : [])];
}

/**
 * Loads base credentials afresh and finds out who they are; `null` when STS does not tell. That is a failure only if STS refuses
 * the credentials, or is needed for more: KMS may well be reachable where STS is not.
 */
export async function tryBase(
  log: StageLog,
  trial: { credentials: ManagerCredentials; needsSts: boolean },
): Promise<CallerIdentity | null> {
  const { credentials, needsSts } = trial;
  const base = await log.run(LOAD, () => credentials.base.renew());
  if (base === null) {
    log.skip(IDENTITY, 'An earlier stage failed.');
    return null;
  }
  log.note(`Credentials from: ${base.source}.`);
  log.begin(IDENTITY);
  try {
    const identity = await credentials.baseIdentity.get();
    return await log.run(IDENTITY, async () => identity);
  } catch (thrown) {
    if (!isAppError(thrown)) throw thrown;
    const isFailure = thrown.code === 'aws-credentials' || (needsSts && thrown.code === 'aws-unreachable');
    if (isFailure) return log.run(IDENTITY, () => Promise.reject(thrown));
    log.skip(IDENTITY, thrown.publicMessage);
    const message = `Who the delegate is could not be found out: ${thrown.publicMessage}`;
    log.warn('identity-unknown', needsSts ? message : `${message} This credentials type does not need STS.`);
    return null;
  }
}

/** Assumes the role as the product will, and then without the external ID, which must fail. */
export async function tryRole(
  log: StageLog,
  trial: { credentials: ManagerCredentials; role: StsRole; identity: CallerIdentity | null },
  signal: AbortSignal,
): Promise<void> {
  const { credentials, role, identity } = trial;
  const session = await log.run(ASSUME_ROLE, () => credentials.effective.renew());
  if (session === null) return;
  if (session.isOwnRole === true) {
    const message = `The delegate already is the role ${role.roleArn}: its own credentials are used as they are, without a session policy that narrows them.`;
    log.note(message);
    log.warn('own-role', message);
    return;
  }
  log.note(`The key is used as ${role.roleArn}.`);
  if (role.externalId === null) {
    log.warn(
      'external-id-missing',
      `The role ${role.roleArn} is assumed without an external ID. Set one and demand it in the trust policy, so that nobody else who may use this delegate can have it assume the role.`,
    );
    return;
  }
  const principalArn = identity === null ? null : policyPrincipalOf(identity);
  await tryWithoutExternalId(log, { credentials, role, principalArn }, signal);
}

async function tryWithoutExternalId(
  log: StageLog,
  trial: { credentials: ManagerCredentials; role: StsRole; principalArn: string | null },
  signal: AbortSignal,
): Promise<void> {
  const { credentials, role, principalArn } = trial;
  const withoutId = { ...role, externalId: null, durationSeconds: TRIAL_SECONDS };
  try {
    await credentials.tryRole({ role: withoutId, sessionPolicy: NO_RIGHTS }, signal);
  } catch (thrown) {
    signal.throwIfAborted();
    if (!isAppError(thrown)) throw thrown;
    if (thrown.code === 'assume-role-failed') return;
    log.warn(
      'external-id-not-checked',
      `Whether the trust policy of ${role.roleArn} demands the external ID could not be checked: ${thrown.publicMessage}`,
    );
    return;
  }
  const statement =
    principalArn === null ? '' : ` ${trustPolicyStatement({ principalArn, externalId: role.externalId })}`;
  log.warn(
    'external-id-not-demanded',
    `The role ${role.roleArn} can be assumed without its external ID too: its trust policy does not demand it. Add the condition:${statement}`,
  );
}
