// Questions of the access fuzzer that change config entries of services, which refer to secrets.
import { boundsOfSecret, covered, isUsable } from './access-model.ts';
import type { ModelAsker, ModelSecret, Rows } from './access-model.ts';
import { randomApplication, randomEnvironment, randomService } from './access-account-questions.ts';
import { randomReference } from './access-references.ts';
import type { AskedSecret, Refused } from './access-references.ts';
import { environmentsOf } from './access-secret-changes.ts';
import type { Ask, Asks } from './access-secret-questions.ts';
import { askerOf } from './access-world.ts';

const putEntry: Ask = (world, by) => {
  const { random, account } = world;
  const asker = askerOf(world, by);
  const application = randomApplication(world, asker);
  const service = randomService(world, application.found);
  const environment = random.chance(0.3)
    ? null
    : randomEnvironment(world, { asker, application: application.found });
  const inside = environment?.found?.id ?? null;
  const asked = randomReference(world, {
    liked: (one) => inside === null || isUsable(boundsOfSecret(one, account), inside, account),
    places: false,
  });
  const entry = {
    service: service.found?.id ?? '',
    kind: 'variable' as const,
    name: `V_${random.below(15)}`,
    environment: environment?.found?.id ?? null,
  };
  const referred =
    service.found === null
      ? null
      : referredSecret(asked, { entry, application: service.found.application }, asker);
  const isPermitted =
    environment === null
      ? asker.throughout('update', [{ applications: [application.found?.id ?? ''], environments: 'all' }])
      : environment.found !== null && asker.allowed('update').has(environment.found.id);
  const isThere = service.found !== null && (environment === null || environment.found !== null);
  const outcome =
    !isThere || referred === null ? 'not-found' : !isPermitted ? 'forbidden' : outcomeOfReferred(referred);
  return {
    kind: 'put config entry',
    by,
    method: 'PUT',
    path: `/v1/applications/${application.text}/services/${service.text}/config`,
    body: { kind: entry.kind, name: entry.name, environment: environment?.text ?? null, secret: asked.text },
    expected: [outcome],
    apply: ({ body }) => {
      account.entries = account.entries.filter(({ id }) => id !== body.id);
      account.entries.push({ ...entry, id: body.id, secret: body.secret.id });
    },
  };
};

function outcomeOfReferred(referred: ModelSecret | Refused | 'scope-too-wide'): string {
  return typeof referred === 'string' ? referred : 'ok';
}

/** Of several secrets that the asker may know of, the one that may be used wherever the entry counts. */
function referredSecret(
  asked: AskedSecret,
  at: { entry: Parameters<typeof environmentsOf>[0]; application: string },
  asker: ModelAsker,
): ModelSecret | Refused | 'scope-too-wide' {
  const { account } = asker;
  const counts = environmentsOf(at.entry, account);
  const inside: Rows = [{ applications: [at.application], environments: 'all' }];
  const visible = asked.candidates.filter((one) => asker.seesSecret(boundsOfSecret(one, account)));
  const fitting = visible.filter((one) => {
    const bounds = boundsOfSecret(one, account);
    if (bounds === 'account' || !counts.every((id) => isUsable(bounds, id, account))) return false;
    return !covered(bounds, account).isDisjointFrom(covered(inside, account));
  });
  const choice = fitting.length > 0 ? fitting : visible;
  const [only] = choice;
  if (only === undefined) return 'not-found';
  if (choice.length > 1) return 'ambiguous-name';
  return fitting.length === 1 ? only : 'scope-too-wide';
}

const removeEntry: Ask = (world, by) => {
  const { random, account } = world;
  const asker = askerOf(world, by);
  const application = randomApplication(world, asker);
  const service = randomService(world, application.found);
  const inside = account.entries.filter((one) => one.service === service.found?.id);
  const entry = random.pickOrNull(random.chance(0.9) ? inside : account.entries);
  const isSeen = entry !== null && (entry.environment === null || asker.seesEnvironment(entry.environment));
  const isThere = isSeen && service.found !== null && entry.service === service.found.id;
  const everywhere: Rows = [{ applications: [application.found?.id ?? ''], environments: 'all' }];
  const isPermitted =
    entry === null || entry.environment === null
      ? asker.throughout('update', everywhere)
      : asker.allowed('update').has(entry.environment);
  return {
    kind: 'remove config entry',
    by,
    method: 'DELETE',
    path: `/v1/applications/${application.text}/services/${service.text}/config/${entry?.id ?? 'none'}`,
    expected: [!isThere ? 'not-found' : isPermitted ? 'ok' : 'forbidden'],
    apply: () => {
      account.entries = account.entries.filter((one) => one !== entry);
    },
  };
};

export const ENTRY_CHANGES: Asks = [
  [null, putEntry],
  [null, putEntry],
  [null, removeEntry],
];
