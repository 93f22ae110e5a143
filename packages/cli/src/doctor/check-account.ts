// Looks at what the server tells whoever has the key: whose it is, versions, delegates and whether they are who they were, and which
// delegates each secrets manager could use. With `deep`, has the delegates try each secrets manager at AWS.
import { AppError, isAppError } from '@sallyport/core';
import type { DelegatePreflight, DelegateView, SecretsManagerView } from '@sallyport/protocol';
import type { Client, FileKnownDelegates } from '@sallyport/sdk';
import { healthLine } from '../output/manager-health.ts';
import { printPrincipalKind } from '../output/print-principal-kind.ts';
import { failed, ok, skipped, warn } from './finding.ts';
import type { Finding } from './finding.ts';

export type AccountOptions = {
  known: FileKnownDelegates;
  /** Version of this command. */
  version: string;
  strict: boolean;
  /** Have secrets managers tried: costs calls to KMS and STS. */
  deep: boolean;
};

const KEY_ENDS_SOON_MS = 7 * 86_400_000;
const HEARTBEAT_LATE_MS = 30_000;
const USES_THAT_TELL = 1000;
const SPARED_LEAST = 0.5;

export async function checkAccount(client: Client, options: AccountOptions): Promise<Finding[]> {
  const findings = await attempt('key', async () => checkKey(client, options));
  if (findings.some(({ code }) => code === 'unauthenticated')) return findings;
  findings.push(...(await attempt('delegates', async () => checkDelegates(client, options))));
  findings.push(...(await attempt('secrets managers', async () => checkManagers(client, options))));
  return findings;
}

/** What the check finds; one that fails is a finding as well. */
async function attempt(check: string, work: () => Promise<Finding[]>): Promise<Finding[]> {
  try {
    return await work();
  } catch (thrown) {
    if (!isAppError(thrown)) throw thrown;
    return [failed(check, thrown)];
  }
}

async function checkKey(client: Client, { version }: AccountOptions): Promise<Finding[]> {
  const who = await client.call('whoAmI');
  const groups = who.groups.map(({ name }) => name).join(', ');
  const whose = `${printPrincipalKind(who.kind)} ${who.name}${groups === '' ? '' : ` (${groups})`}`;
  const { expiresAtMs, serverVersion } = who;
  const leftMs = expiresAtMs === null ? Infinity : expiresAtMs - Date.now();
  const end = expiresAtMs === null ? 'does not expire' : `until ${new Date(expiresAtMs).toISOString()}`;
  const isShortLived = who.kind === 'workload';
  return [
    leftMs > KEY_ENDS_SOON_MS || isShortLived
      ? ok('key', `valid: ${whose}, ${end}`)
      : warn('key', `${whose}: ${end}`, 'Run `sallyport login` again, or make another key.'),
    serverVersion === version
      ? ok('version', `command and server are both ${version}`)
      : warn(
          'version',
          `the command is ${version}, the server ${serverVersion}`,
          'Bring both to the same version.',
        ),
  ];
}

async function checkDelegates(client: Client, options: AccountOptions): Promise<Finding[]> {
  const { delegates } = await client.call('listDelegates');
  if (delegates.length === 0) {
    const hint = 'Run one: docs/guide/delegates.md. Without a delegate no secret can be read or written.';
    return [
      failed(
        'delegates',
        new AppError('no-delegate', {
          publicMessage: 'There are no delegates that you may know of.',
          data: { hint },
        }),
      ),
    ];
  }
  const findings = await Promise.all(
    delegates.map(async (delegate) => [
      stateOf(delegate),
      await trustOf(delegate, client, options),
      ...cacheOf(delegate),
    ]),
  );
  return findings.flat();
}

function stateOf(delegate: DelegateView): Finding {
  const { name, state, version, lastHeartbeatAtMs, restingUntilMs, selectors } = delegate;
  const check = `delegate ${name}`;
  const ageMs = lastHeartbeatAtMs === null ? null : Date.now() - lastHeartbeatAtMs;
  const heard = ageMs === null ? 'never heard of' : `heard of ${Math.max(0, Math.round(ageMs / 1000))} s ago`;
  const facts = `${state}, version ${version}, ${heard}, selectors ${selectors.join(', ')}`;
  if (state === 'waiting-for-approval')
    return warn(check, facts, `Approve it: sallyport delegate approve "${name}"`);
  if (state !== 'connected') {
    return warn(
      check,
      facts,
      'Start it again, or remove it if it is gone for good: sallyport delegate remove',
    );
  }
  if (ageMs !== null && ageMs > HEARTBEAT_LATE_MS)
    return warn(check, facts, 'Look at its log and its network.');
  if (restingUntilMs !== null && restingUntilMs > Date.now()) {
    return warn(check, `${facts}; it rests after failures`, 'Look at its log: its last tasks failed.');
  }
  return ok(check, facts);
}

/** What its data-key cache spares. Below so many uses, a share says nothing. */
function cacheOf({ name, state, dataKeyCache }: DelegateView): Finding[] {
  if (state !== 'connected') return [];
  const check = `data keys at ${name}`;
  if (dataKeyCache === null) return [skipped(check, 'not told yet; the next heartbeat does, within 10 s')];
  const { keys, uses, keyServiceCalls } = dataKeyCache;
  if (uses === 0) return [ok(check, `${keys} in memory; no secret was read since it was started`)];
  const spared = 1 - keyServiceCalls / uses;
  const facts = `${keys} in memory; ${uses} uses took ${keyServiceCalls} ${keyServiceCalls === 1 ? 'call' : 'calls'} to key services, ${Math.round(spared * 100)} % were spared`;
  if (uses < USES_THAT_TELL || spared >= SPARED_LEAST) return [ok(check, facts)];
  const hint =
    'Secrets are read again only after their data keys are forgotten: raise the maximum age or uses of the data-key cache in the settings of the secrets manager, if what a revocation at AWS may take allows it.';
  return [warn(check, facts, hint)];
}

async function trustOf(
  { name, fingerprint }: DelegateView,
  client: Client,
  { known, strict }: AccountOptions,
): Promise<Finding> {
  const check = `trust of ${name}`;
  const fingerprints = await known.fingerprintsOf({ server: client.address, name });
  if (fingerprints.includes(fingerprint)) return ok(check, `known as ${fingerprint}`);
  const trust = `sallyport delegate trust "${name}" ${fingerprint}`;
  if (fingerprints.length > 0) {
    return failed(
      check,
      new AppError('delegate-key-changed', {
        publicMessage: `It shows ${fingerprint}, and was known as ${fingerprints.join(', ')}.`,
        data: {
          hint: `If it was set up anew, compare the fingerprint in its own log and run: ${trust} --replace`,
        },
      }),
    );
  }
  const text = `not met yet; it shows ${fingerprint}`;
  return strict
    ? warn(
        check,
        `${text}, and is refused since trust is strict`,
        `Compare it with the delegate's own log, then: ${trust}`,
      )
    : skipped(check, text);
}

async function checkManagers(client: Client, { deep }: AccountOptions): Promise<Finding[]> {
  const { secretsManagers } = await client.call('listSecretsManagers');
  const findings: Finding[] = [];
  for (const { name, id, health } of secretsManagers) {
    const check = `secrets manager ${name}`;
    const { delegates } = await client.call('explainDelegates', { body: { secretsManager: id } });
    const eligible = delegates.filter((one) => one.eligible).map((one) => one.name);
    if (eligible.length > 0) findings.push(ok(check, `can be used through ${eligible.join(', ')}`));
    else {
      const why = delegates.map((one) => `${one.name}: ${one.reasons.join(' ')}`).join(' ');
      const publicMessage = `No delegate can use it. ${why}`;
      findings.push(failed(check, new AppError('no-delegate', { publicMessage })));
    }
    if (!deep) findings.push(lastTestOf({ name, health }));
    else if (eligible.length > 0)
      findings.push(...(await attempt(check, async () => tryManager(client, { id, check }))));
  }
  if (!deep)
    findings.push(skipped('aws', 'not tried; --deep has each delegate try each secrets manager at AWS'));
  return findings;
}

/** A failure that was found then is a warning now: it may have been mended since. */
function lastTestOf({ name, health }: Pick<SecretsManagerView, 'name' | 'health'>): Finding {
  const check = `last test of ${name}`;
  const text = healthLine(health);
  const again = `sallyport secrets-manager test "${name}"`;
  const show = `sallyport secrets-manager show "${name}" --tests`;
  const { state, delegates } = health;
  if (state === 'untested') return skipped(check, `not tested yet; ${again} does it`);
  if (state === 'outdated') return warn(check, text, `Test it: ${again}`);
  if (state !== 'healthy') {
    return warn(check, text, `See what is missing: ${show}. Once it is mended: ${again}`);
  }
  return delegates.some(({ warningCount }) => warningCount > 0)
    ? warn(check, `${text}, with warnings`, `Read them: ${show}`)
    : ok(check, text);
}

async function tryManager(client: Client, { id, check }: { id: string; check: string }): Promise<Finding[]> {
  const { delegates } = await client.call('testSecretsManager', { params: { secretsManager: id } });
  return delegates.flatMap((one) => triedBy(one, `${check} at ${one.delegateName}`));
}

function triedBy({ report, error }: DelegatePreflight, check: string): Finding[] {
  const broken = error ?? report?.stages.find(({ outcome }) => outcome === 'failed')?.error;
  if (broken !== undefined) {
    const { message, code, data = {} } = broken;
    return [failed(check, new AppError(code, { publicMessage: message, data }))];
  }
  const identity = report?.identityArn ?? null;
  const notes = report?.stages.flatMap(({ message }) => message?.replace(/\.$/, '') ?? []) ?? [];
  const facts = [identity === null ? null : `as ${identity}`, ...notes].filter((one) => one !== null);
  return [
    ok(check, `wraps and unwraps a data key${facts.length === 0 ? '' : `; ${facts.join('; ')}`}`),
    ...(report?.warnings ?? []).map((text) => warn(check, text, 'See docs/guide/aws-kms.md.')),
  ];
}
