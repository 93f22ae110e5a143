// Questions of the access fuzzer that change what is around secrets: secrets managers, applications, environments,
// services.
import { boundsOf, boundsOfSecret, covered, isWithin, managerOf } from './access-model.ts';
import type { Bounds, ModelAsker, ModelKey, ModelManager, ModelSecret, Rows } from './access-model.ts';
import { randomApplication, randomEnvironment, randomService } from './access-account-questions.ts';
import { sorted, writtenRows } from './access-question.ts';
import type { Question } from './access-question.ts';
import { randomManager } from './access-references.ts';
import { losesUsage } from './access-secret-changes.ts';
import type { Ask, Asks } from './access-secret-questions.ts';
import { randomRows } from './access-random.ts';
import {
  addApplicationToModel,
  askerOf,
  markApplicationDeleted,
  markEnvironmentDeleted,
} from './access-world.ts';
import type { Answer, Loose } from './test-server.ts';

const createManager: Ask = (world, by) => {
  const { random, account } = world;
  const asker = askerOf(world, by);
  const name = random.word('mgr');
  const written = writtenRows(world, randomRows(world), { asker });
  const outcome = !asker.holds('manage-secrets-managers')
    ? 'forbidden'
    : written.rows === null
      ? 'invalid-scope'
      : asker.changesManager(written.rows)
        ? 'ok'
        : 'forbidden';
  return {
    kind: 'create secrets manager',
    by,
    method: 'POST',
    path: '/v1/secrets-managers',
    body: { name, settings: { kind: 'built-in' }, usageScope: written.input },
    expected: [outcome],
    apply: ({ body }) => {
      const { id, isDefault } = body.secretsManager;
      account.managers.push({ id, name, scope: written.rows ?? [], isDefault });
    },
  };
};

const editManager: Ask = (world, by) => {
  const { random } = world;
  const asker = askerOf(world, by);
  const { text, found } = randomManager(world, (one) => asker.changesManager(one.scope));
  const name = random.chance(0.4) ? random.word('mgr') : null;
  const written = random.chance(0.8)
    ? writtenRows(world, randomRows(world), { asker, kept: found?.scope ?? [] })
    : null;
  const onConflict = random.pick(['refuse', 'inherit'] as const);
  const body = {
    ...(name === null ? {} : { name }),
    ...(written === null ? {} : { usageScope: written.input }),
    onConflict,
  };
  const judged = judgeManagerEdit(
    { found, rows: written === null ? (found?.scope ?? []) : written.rows },
    asker,
  );
  const apply = (): void => {
    if (found === null) return;
    const after = written?.rows ?? found.scope;
    for (const one of judged.outside) one.scope = { type: 'inherit' };
    Object.assign(found, { name: name ?? found.name, scope: after });
  };
  return managerEditQuestion({ by, path: `/v1/secrets-managers/${text}`, body, judged, apply }, asker);
};

type JudgedEdit = { outcome: string; outside: ModelSecret[] };

function managerEditQuestion(
  of: { by: ModelKey; path: string; body: object; judged: JudgedEdit; apply: () => void },
  asker: ModelAsker,
): Question {
  const { by, path, body, judged, apply } = of;
  const { outside } = judged;
  const listed = ({ body: { error } }: Answer): unknown => [
    sorted((error?.data?.conflicts ?? []).map(({ id }: Loose) => id)),
    error?.data?.hidden,
  ];
  const seen = outside.filter((one) => asker.seesSecret(boundsOfSecret(one, asker.account)));
  const expectedList = [sorted(seen.map(({ id }) => id)), outside.length - seen.length];
  const isAsked = judged.outcome === 'scope-conflict' && outside.length > 0;
  return {
    kind: 'edit secrets manager',
    by,
    method: 'PATCH',
    path,
    body,
    expected: [judged.outcome],
    ...(isAsked ? { facts: { of: 'refusal', expected: expectedList, observe: listed } } : {}),
    apply,
    next: (answer) => {
      if (!isAsked) return null;
      const { confirmationToken } = answer.body.error.data;
      const confirmed = { ...body, onConflict: 'inherit', confirmationToken };
      return managerEditQuestion({ ...of, body: confirmed, judged: { outcome: 'ok', outside } }, asker);
    },
  };
}

function judgeManagerEdit(
  { found, rows }: { found: ModelManager | null; rows: Rows | null },
  asker: ModelAsker,
): JudgedEdit & { outside: ModelSecret[] } {
  const refused = (outcome: string): JudgedEdit => ({ outcome, outside: [] });
  if (!asker.holds('manage-secrets-managers')) return refused('forbidden');
  if (found === null) return refused('not-found');
  if (!asker.changesManager(found.scope)) return refused('forbidden');
  if (rows === null) return refused('invalid-scope');
  if (!asker.changesManager(rows)) return refused('forbidden');
  if (JSON.stringify(rows) === JSON.stringify(found.scope)) return refused('ok');
  const { account } = asker;
  const secrets = account.secrets.filter((one) => managerOf(one, account) === found);
  const outside = secrets.filter(
    ({ scope }) => scope.type === 'rows' && !isWithin(scope.rows, rows, account),
  );
  const moved = [...secrets.filter(({ scope }) => scope.type === 'inherit'), ...outside];
  const isLost = moved.some((one) =>
    losesUsage(one, { before: boundsOfSecret(one, account), after: rows }, account),
  );
  if (isLost || becomeEquivocal(moved, rows, asker)) return refused('scope-conflict');
  return { outcome: outside.length > 0 ? 'scope-conflict' : 'ok', outside };
}

/** Whether one of these secrets would share a name and a place with another, once all of them inherit these rows. */
function becomeEquivocal(moved: readonly ModelSecret[], rows: Rows, asker: ModelAsker): boolean {
  const { account } = asker;
  const namesOf = ({ name, aliases }: ModelSecret): string[] => [name, ...aliases];
  return moved.some((one) =>
    account.secrets.some((other) => {
      if (other === one || !namesOf(one).some((name) => namesOf(other).includes(name))) return false;
      const bounds: Bounds = moved.includes(other) ? rows : boundsOf(other.scope, managerOf(other, account));
      if (bounds === 'account') return false;
      if (bounds.length === 0 || rows.length === 0) return bounds.length === rows.length;
      return !covered(bounds, account).isDisjointFrom(covered(rows, account));
    }),
  );
}

const makeDefault: Ask = (world, by) => {
  const asker = askerOf(world, by);
  const { text, found } = randomManager(world, (one) => asker.changesManager(one.scope));
  return {
    kind: 'make default',
    by,
    method: 'POST',
    path: `/v1/secrets-managers/${text}/default`,
    expected: [changeOfManager(found, asker)],
    apply: () => {
      for (const one of world.account.managers) one.isDefault = one === found;
    },
  };
};

const deleteManager: Ask = (world, by) => {
  const { account } = world;
  const asker = askerOf(world, by);
  const { text, found } = randomManager(world, (one) => asker.changesManager(one.scope));
  const isUsed = account.secrets.some(({ versions }) =>
    versions.some(({ manager }) => manager === found?.id),
  );
  const permitted = changeOfManager(found, asker);
  const outcome =
    permitted !== 'ok'
      ? permitted
      : found?.isDefault
        ? 'secrets-manager-is-default'
        : isUsed
          ? 'secrets-manager-in-use'
          : 'ok';
  return {
    kind: 'delete secrets manager',
    by,
    method: 'DELETE',
    path: `/v1/secrets-managers/${text}`,
    expected: [outcome],
    apply: () => {
      account.managers = account.managers.filter((one) => one !== found);
    },
  };
};

function changeOfManager(found: ModelManager | null, asker: ModelAsker): string {
  if (!asker.holds('manage-secrets-managers')) return 'forbidden';
  if (found === null) return 'not-found';
  return asker.changesManager(found.scope) ? 'ok' : 'forbidden';
}

const createApplication: Ask = (world, by) => {
  const { random } = world;
  const environments = [{ name: random.word('env'), type: 'production' }];
  return {
    kind: 'create application',
    by,
    method: 'POST',
    path: '/v1/applications',
    body: { name: random.word('app'), environments },
    expected: [askerOf(world, by).holds('manage-applications') ? 'ok' : 'forbidden'],
    apply: ({ body }) => {
      addApplicationToModel(world, body);
    },
  };
};

const changeApplication: Ask = (world, by) => {
  const { random } = world;
  const asker = askerOf(world, by);
  const { text, found } = randomApplication(world, asker);
  const name = random.word('app');
  return {
    kind: 'rename application',
    by,
    method: 'PATCH',
    path: `/v1/applications/${text}`,
    body: { name },
    expected: [structureOutcome(found, 'update', asker)],
    apply: () => {
      if (found !== null) found.name = name;
    },
  };
};

const deleteApplication: Ask = (world, by) => {
  const asker = askerOf(world, by);
  const { text, found } = randomApplication(world, asker);
  const isPermitted = asker.holds('manage-applications');
  const path = `/v1/applications/${text}`;
  return {
    kind: 'delete application',
    by,
    method: 'DELETE',
    path,
    expected: [!isPermitted ? 'forbidden' : found === null ? 'not-found' : 'confirmation-required'],
    next: ({ body }) => {
      const token = body.error.data?.confirmationToken;
      if (found === null || token === undefined || !world.random.chance(0.5)) return null;
      return {
        kind: 'delete application',
        by,
        method: 'DELETE',
        path: `${path}?confirm=${token}`,
        expected: ['ok'],
        apply: () => {
          markApplicationDeleted(world, found.id);
        },
      };
    },
  };
};

/** What concerns an application as a whole. */
function structureOutcome(
  found: { id: string } | null,
  action: 'create' | 'update' | 'delete',
  asker: ModelAsker,
): string {
  if (found === null) return 'not-found';
  const rows: Rows = [{ applications: [found.id], environments: 'all' }];
  return asker.holds('manage-applications') || asker.throughout(action, rows) ? 'ok' : 'forbidden';
}

const createEnvironment: Ask = (world, by) => {
  const { random, account } = world;
  const asker = askerOf(world, by);
  const { text, found } = randomApplication(world, asker);
  const type = random.pick(['production', 'non-production'] as const);
  const name = random.word('env');
  const isPermitted =
    asker.holds('manage-applications') || asker.allowed('create').has(`${found?.id} ${type} to come`);
  return {
    kind: 'create environment',
    by,
    method: 'POST',
    path: `/v1/applications/${text}/environments`,
    body: { name, type },
    expected: [found === null ? 'not-found' : isPermitted ? 'ok' : 'forbidden'],
    apply: ({ body }) => {
      account.environments.push({ id: body.id, application: found?.id ?? '', name, type, deleted: false });
    },
  };
};

const changeEnvironment: Ask = (world, by) => {
  const { random } = world;
  const asker = askerOf(world, by);
  const application = randomApplication(world, asker);
  const { text, found } = randomEnvironment(world, { asker, application: application.found });
  const isDeletion = random.chance(0.4);
  const action = isDeletion ? 'delete' : 'update';
  const isPermitted =
    asker.holds('manage-applications') || (found !== null && asker.allowed(action).has(found.id));
  const name = random.word('env');
  const path = `/v1/applications/${application.text}/environments/${text}`;
  const refused = found === null ? 'not-found' : isPermitted ? null : 'forbidden';
  if (!isDeletion)
    return {
      kind: 'rename environment',
      by,
      method: 'PATCH',
      path,
      body: { name },
      expected: [refused ?? 'ok'],
      apply: () => {
        if (found !== null) found.name = name;
      },
    };
  return {
    kind: 'delete environment',
    by,
    method: 'DELETE',
    path,
    expected: [refused ?? 'confirmation-required'],
    next: ({ body }) => {
      const token = body.error.data?.confirmationToken;
      if (found === null || token === undefined) return null;
      return {
        kind: 'delete environment',
        by,
        method: 'DELETE',
        path: `${path}?confirm=${token}`,
        expected: ['ok'],
        apply: () => {
          markEnvironmentDeleted(world, found.id);
        },
      };
    },
  };
};

const changeServices: Ask = (world, by) => {
  const { random, account } = world;
  const asker = askerOf(world, by);
  const application = randomApplication(world, asker);
  const { text, found } = randomService(world, application.found);
  const name = random.word('svc');
  const path = `/v1/applications/${application.text}/services`;
  const create = {
    kind: 'create service',
    by,
    method: 'POST',
    path,
    body: { name },
    expected: [structureOutcome(application.found, 'create', asker)],
    apply: ({ body }: Answer) => {
      account.services.push({ id: body.id, application: application.found?.id ?? '', name });
    },
  };
  const outcome = (action: 'update' | 'delete'): string =>
    found === null ? 'not-found' : structureOutcome(application.found, action, asker);
  const rename = {
    kind: 'rename service',
    by,
    method: 'PATCH',
    path: `${path}/${text}`,
    body: { name },
    expected: [outcome('update')],
    apply: () => {
      if (found !== null) found.name = name;
    },
  };
  const remove = {
    kind: 'delete service',
    by,
    method: 'DELETE',
    path: `${path}/${text}`,
    expected: [outcome('delete')],
    apply: () => {
      account.services = account.services.filter((one) => one !== found);
      account.entries = account.entries.filter(({ service }) => service !== found?.id);
    },
  };
  return random.pick([create, create, rename, remove]);
};

export const ACCOUNT_CHANGES: Asks = [
  ['manage-secrets-managers', createManager],
  ['manage-secrets-managers', editManager],
  ['manage-secrets-managers', editManager],
  ['manage-secrets-managers', makeDefault],
  ['manage-secrets-managers', deleteManager],
  ['manage-applications', createApplication],
  [null, changeApplication],
  ['manage-applications', deleteApplication],
  [null, createEnvironment],
  [null, createEnvironment],
  [null, changeEnvironment],
  [null, changeServices],
];
