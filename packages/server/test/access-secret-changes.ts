// Questions of the access fuzzer that change secrets: writing, moving to another secrets manager, renaming, another scope, deleting.
import { boundsOf, boundsOfSecret, isUsable, isWithin, managerOf } from './access-model.ts';
import type {
  Bounds,
  ModelAccount,
  ModelAsker,
  ModelEntry,
  ModelKey,
  ModelScope,
  ModelSecret,
} from './access-model.ts';
import { writtenRows } from './access-question.ts';
import type { Question } from './access-question.ts';
import { isRefused, randomReference, requireChanged } from './access-references.ts';
import type { Refused } from './access-references.ts';
import { isNameTaken, randomWrite } from './access-secret-questions.ts';
import type { Ask, Asks } from './access-secret-questions.ts';
import { existing, randomScope, SECRET_NAMES } from './access-random.ts';
import { askerOf } from './access-world.ts';
import type { World } from './access-world.ts';
import { fakeSealed, newRequestId } from './test-server.ts';
import type { Answer } from './test-server.ts';

const writeSecret: Ask = (world, by) => {
  const { body, outcome, subject, asked } = randomWrite(world, by);
  const value = `value ${world.random.word('v')}`;
  return {
    kind: 'write secret',
    by,
    method: 'POST',
    path: '/v1/secrets/write',
    body: {
      requestId: newRequestId(),
      delegateId: world.delegate.delegateId,
      ...body,
      expectedVersion: null,
      sealed: fakeSealed(value),
    },
    expected: [outcome],
    apply: (answer) => {
      if (subject === null) return;
      const version = { manager: subject.manager.id, value };
      if (subject.existing !== null) {
        subject.existing.versions.push(version);
        return;
      }
      world.account.secrets.push({
        id: answer.body.secret.id,
        name: asked.name ?? '',
        aliases: [],
        scope: subject.scope,
        versions: [version],
        askedBy: new Set(),
      });
    },
  };
};

type Edit = { name: string; aliases: string[]; scope: ModelScope; lostNames: string[] };

const editSecret: Ask = (world, by) => {
  const { random } = world;
  const asker = askerOf(world, by);
  const asked = randomReference(world, {
    liked: (one) => asker.changesSecret(boundsOfSecret(one, asker.account)),
  });
  const found = requireChanged(asked, asker);
  const secret = isRefused(found) ? null : found;
  const name = random.weighted(
    [3, () => undefined],
    [2, () => random.word('secret')],
    [2, () => random.pick(SECRET_NAMES)],
  );
  const leaveAlias = random.chance(0.4);
  const scope = random.chance(0.6) ? randomScope(world) : undefined;
  const kept = secret?.scope.type === 'rows' ? secret.scope.rows : [];
  const written = scope?.type === 'rows' ? writtenRows(world, scope.rows, { asker, kept }) : null;
  const alias = random.chance(0.2) ? random.pickOrNull(secret?.aliases ?? []) : null;
  const body = {
    ...(name === undefined ? {} : { name }),
    leaveAlias,
    removeAliases: alias === null ? [] : [alias],
    ...(scope === undefined
      ? {}
      : { scope: written === null ? scope : { type: 'rows', rows: written.input } }),
  };
  const edit = secret === null ? null : editOf(secret, { name, leaveAlias, alias, scope });
  const isKnown = written === null || written.rows !== null;
  const outcome =
    edit === null || isRefused(found)
      ? (found as Refused)
      : judgeEdit(found, { edit, isKnown, isRescoped: scope !== undefined }, asker);
  return editQuestion({ by, path: asked.text, body, outcome, secret, edit });
};

function editQuestion(of: {
  by: ModelKey;
  path: string;
  body: object;
  outcome: string;
  secret: ModelSecret | null;
  edit: Edit | null;
}): Question {
  const { by, body, outcome, secret, edit } = of;
  return {
    kind: 'edit secret',
    by,
    method: 'PATCH',
    path: `/v1/secrets/${encodeURIComponent(of.path)}`,
    body,
    expected: [outcome],
    apply: () => {
      if (secret !== null && edit !== null)
        Object.assign(secret, { name: edit.name, aliases: edit.aliases, scope: edit.scope });
    },
    next: (answer) => {
      if (outcome !== 'confirmation-required') return null;
      const { confirmationToken } = answer.body.error.data;
      return editQuestion({ ...of, body: { ...body, confirmationToken }, outcome: 'ok' });
    },
  };
}

function editOf(
  secret: ModelSecret,
  of: { name: string | undefined; leaveAlias: boolean; alias: string | null; scope: ModelScope | undefined },
): Edit {
  const name = of.name ?? secret.name;
  const keepsOld = of.leaveAlias && name !== secret.name;
  const left = keepsOld ? [...new Set([...secret.aliases, secret.name])] : secret.aliases;
  const aliases = left.filter((one) => one !== name && one !== of.alias);
  const before = [secret.name, ...secret.aliases];
  const lostNames = before.filter((one) => one !== name && !aliases.includes(one));
  return { name, aliases, scope: of.scope ?? secret.scope, lostNames };
}

function judgeEdit(
  secret: ModelSecret,
  of: { edit: Edit; isKnown: boolean; isRescoped: boolean },
  asker: ModelAsker,
): string {
  const { account } = asker;
  const { edit, isKnown } = of;
  const manager = managerOf(secret, account);
  const before = boundsOfSecret(secret, account);
  const after = boundsOf(edit.scope, manager);
  if (!isKnown) return 'invalid-scope';
  if (of.isRescoped && !asker.changesSecret(after)) return 'forbidden';
  if (edit.scope.type === 'rows' && !isWithin(edit.scope.rows, manager.scope, account))
    return 'scope-too-wide';
  if (losesUsage(secret, { before, after }, account)) return 'scope-conflict';
  const names = [edit.name, ...edit.aliases];
  if (names.some((name) => isNameTaken({ name, bounds: after, of: secret.id }, asker))) return 'name-taken';
  return edit.lostNames.some((name) => secret.askedBy.has(name)) ? 'confirmation-required' : 'ok';
}

/** Whether a config entry counts somewhere where the secret was usable and will not be. */
export function losesUsage(
  secret: ModelSecret,
  { before, after }: { before: Bounds; after: Bounds },
  account: ModelAccount,
): boolean {
  const entries = account.entries.filter((entry) => entry.secret === secret.id);
  return entries
    .flatMap((entry) => environmentsOf(entry, account))
    .some((id) => isUsable(before, id, account) && !isUsable(after, id, account));
}

/** Where an entry counts: in its environment, or in all of the application that have no entry of their own. */
export function environmentsOf(entry: Omit<ModelEntry, 'id' | 'secret'>, account: ModelAccount): string[] {
  if (entry.environment !== null) return [entry.environment];
  const application = account.services.find(({ id }) => id === entry.service)?.application;
  const siblings = account.entries.filter(
    (one) => one.service === entry.service && one.kind === entry.kind && one.name === entry.name,
  );
  return existing(account.environments)
    .filter((one) => one.application === application)
    .filter(({ id }) => !siblings.some(({ environment }) => environment === id))
    .map(({ id }) => id);
}

const deleteSecret: Ask = (world, by) => {
  const asker = askerOf(world, by);
  const asked = randomReference(world, {
    liked: (one) => asker.changesSecret(boundsOfSecret(one, asker.account)),
  });
  const isForced = world.random.chance(0.4);
  const found = requireChanged(asked, asker);
  const secret = isRefused(found) ? null : found;
  const outcome =
    isForced && !asker.holds('force-delete-secrets')
      ? 'forbidden'
      : isRefused(found)
        ? found
        : judgeDeletion(found, isForced, asker.account);
  const path = `/v1/secrets/${encodeURIComponent(asked.text)}?force=${isForced}`;
  return deletionQuestion(world, { by, path, outcome, secret });
};

function judgeDeletion(secret: ModelSecret, isForced: boolean, { entries }: ModelAccount): string {
  const isReferredTo = entries.some((entry) => entry.secret === secret.id);
  if (isReferredTo && !isForced) return 'in-use';
  const names = [secret.name, ...secret.aliases];
  return isReferredTo || names.some((name) => secret.askedBy.has(name)) ? 'confirmation-required' : 'ok';
}

function deletionQuestion(
  world: World,
  of: { by: ModelKey; path: string; outcome: string; secret: ModelSecret | null },
): Question {
  const { by, path, outcome, secret } = of;
  return {
    kind: 'delete secret',
    by,
    method: 'DELETE',
    path,
    expected: [outcome],
    apply: () => {
      const { account } = world;
      account.secrets = account.secrets.filter((one) => one !== secret);
      account.entries = account.entries.filter((entry) => entry.secret !== secret?.id);
    },
    next: (answer: Answer) => {
      if (outcome !== 'confirmation-required') return null;
      const { confirmationToken } = answer.body.error.data;
      return deletionQuestion(world, { ...of, path: `${path}&confirm=${confirmationToken}`, outcome: 'ok' });
    },
  };
}

export const SECRET_CHANGES: Asks = [
  ['manage-secrets', writeSecret],
  ['manage-secrets', writeSecret],
  ['manage-secrets', writeSecret],
  ['manage-secrets', editSecret],
  ['manage-secrets', editSecret],
  ['manage-secrets', editSecret],
  ['manage-secrets', deleteSecret],
];
