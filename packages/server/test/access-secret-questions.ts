// Questions of the access fuzzer about secrets that change nothing: lists, single secrets, values with and without a place, offers,
// usages and explanations.
import type { AccountPermission } from '@sallyport/core';
import { boundsOfSecret, covered, isUsable, isWithin, managerOf, ModelAsker } from './access-model.ts';
import type { Bounds, ModelKey, ModelManager, ModelScope, ModelSecret } from './access-model.ts';
import { sorted, writtenRows } from './access-question.ts';
import type { Question } from './access-question.ts';
import {
  chooseToSee,
  chooseToUse,
  findManager,
  findPlace,
  isRefused,
  randomManager,
  randomPlace,
  randomReference,
  requireChanged,
  requireSeen,
  seenBy,
} from './access-references.ts';
import type { AskedSecret } from './access-references.ts';
import { existing, randomScope, SECRET_NAMES } from './access-random.ts';
import { askerOf, effectiveBounds } from './access-world.ts';
import type { World } from './access-world.ts';
import { fakeSealed, newRequestId, valuesIn } from './test-server.ts';
import type { Answer, Loose } from './test-server.ts';

export type Ask = (world: World, by: ModelKey) => Question;
/** With the account permission that it takes at least: those who have it ask more often. null: it takes none. */
export type Asks = readonly (readonly [needs: AccountPermission | null, ask: Ask])[];

const listSecrets: Ask = (world, by) => {
  const { random, account } = world;
  const asker = askerOf(world, by);
  const place = random.chance(0.4) ? randomPlace(world) : null;
  const manager = random.chance(0.3) ? randomManager(world) : null;
  const query = new URLSearchParams({ limit: '500', ...place });
  if (manager !== null) query.set('secretsManager', manager.text);
  const environment = place === null ? null : findPlace(place, asker);
  const found = manager === null ? null : findManager(manager.found, asker);
  const isThere = (place === null || environment !== null) && (manager === null || found !== null);
  const visible = account.secrets.filter((one) => {
    const bounds = boundsOfSecret(one, account);
    if (!asker.seesSecret(bounds)) return false;
    if (environment !== null && !isUsable(bounds, environment.id, account)) return false;
    return found === null || managerOf(one, account).id === found.id;
  });
  return {
    kind: 'list secrets',
    by,
    method: 'GET',
    path: `/v1/secrets?${query.toString()}`,
    expected: [isThere ? 'ok' : 'not-found'],
    facts: {
      expected: sorted(visible.map(({ id }) => id)),
      observe: ({ body }) => sorted(body.secrets.map(({ id }: Loose) => id)),
    },
  };
};

/** Operations for which it is enough to see the secret, and one for which it is not. */
const readSecret: Ask = (world, by) => {
  const asker = askerOf(world, by);
  const asked = randomReference(world, { liked: seenBy(asker) });
  const [kind, suffix] = world.random.pick([
    ['get secret', ''],
    ['get secret', ''],
    ['list setup usages', '/setup-usages'],
    ['list secret uses', '/uses?limit=500'],
    ['list secret changes', '/changes?limit=500'],
    ['preview secret deletion', '/deletion'],
  ] as const);
  const found = kind === 'preview secret deletion' ? requireChanged(asked, asker) : requireSeen(asked, asker);
  const isRead = kind === 'get secret' && !isRefused(found);
  return {
    kind,
    by,
    method: 'GET',
    path: `/v1/secrets/${encodeURIComponent(asked.text)}${suffix}`,
    expected: [isRefused(found) ? found : 'ok'],
    ...(isRead
      ? {
          facts: {
            expected: [found.id, found.name, found.versions.length],
            observe: ({ body }) => [body.secret.id, body.secret.name, body.versions.length],
          },
        }
      : {}),
  };
};

const resolveSecrets: Ask = (world, by) => {
  const asker = askerOf(world, by);
  const asked = distinct(
    Array.from({ length: 5 }, () => randomReference(world, { liked: seenBy(asker), versions: true })),
  );
  const chosen = asked.map((one) => chooseToUse(one, asker));
  for (const [index, { name }] of asked.entries()) {
    const secret = chosen[index];
    if (secret !== undefined && !isRefused(secret) && name !== null) secret.askedBy.add(name);
  }
  const values = asked.map(({ version }, index) => {
    const secret = chosen[index] as ModelSecret;
    return isRefused(secret) ? null : secret.versions.at((version ?? 0) - 1)?.value;
  });
  return {
    kind: 'resolve',
    by,
    method: 'POST',
    path: '/v1/secrets/resolve',
    body: {
      requestId: newRequestId(),
      delegateId: world.delegate.delegateId,
      items: asked.map(({ text }) => text),
      sealed: fakeSealed('question'),
    },
    expected: chosen.map((one) => (isRefused(one) ? one : 'ok')),
    observe: (answer) => asked.map(({ text }) => outcomeOfItem(answer, text)),
    facts: {
      expected: values,
      observe: (answer) =>
        asked.map(({ text }) => (answer.body.answer === '' ? null : (valuesIn(answer)[text] ?? null))),
    },
  };
};

function outcomeOfItem({ body }: Answer, text: string): string {
  const unresolved = body.unresolved.find(({ reference }: Loose) => reference === text);
  return unresolved === undefined ? 'ok' : unresolved.error.code;
}

function distinct(all: readonly AskedSecret[]): AskedSecret[] {
  return [...new Map(all.map((one) => [one.text, one])).values()];
}

const offersToRead: Ask = (world, by) => {
  const asker = askerOf(world, by);
  const asked = distinct(
    Array.from({ length: 3 }, () => randomReference(world, { liked: seenBy(asker), versions: true })),
  );
  return {
    kind: 'offers to read',
    by,
    method: 'POST',
    path: '/v1/offers/read',
    body: { items: asked.map(({ text }) => text) },
    expected: asked.map((one) => {
      const chosen = chooseToUse(one, asker);
      return isRefused(chosen) ? chosen : 'ok';
    }),
    observe: (answer) => asked.map(({ text }) => outcomeOfItem(answer, text)),
  };
};

const offersAtPlace: Ask = (world, by) => {
  const asker = askerOf(world, by);
  const place = randomPlace(world);
  const environment = findPlace(place, asker);
  const isAllowed =
    environment !== null && (['read', 'use'] as const).every((one) => asker.allowed(one).has(environment.id));
  const usable = world.account.secrets.filter(
    (one) =>
      environment !== null && isUsable(boundsOfSecret(one, world.account), environment.id, world.account),
  );
  return {
    kind: 'offers at a place',
    by,
    method: 'POST',
    path: '/v1/offers/read',
    body: { place },
    expected: [environment === null ? 'not-found' : isAllowed ? 'ok' : 'forbidden'],
    facts: {
      expected: sorted(usable.map(({ id }) => id)),
      observe: ({ body }) =>
        sorted(body.groups.flatMap(({ items }: Loose) => items.map(({ secretId }: Loose) => secretId))),
    },
  };
};

/** What a write is for, and what the model says of it. */
export type WriteIntent = {
  asked: AskedSecret;
  body: { secret: string; secretsManager: string | null; scope: unknown };
  outcome: string;
  /** null: refused. */
  subject: { existing: ModelSecret | null; manager: ModelManager; scope: ModelScope } | null;
};

export function randomWrite(world: World, by: ModelKey): WriteIntent {
  const { random } = world;
  const asker = askerOf(world, by);
  const isNew = random.chance(0.6);
  const name = random.chance(0.3) ? random.word('secret') : random.pick(SECRET_NAMES);
  const place = random.chance(0.4) ? randomPlace(world) : null;
  const before = place === null ? '' : `sally://${place.application}/${place.environment}/`;
  const asked: AskedSecret = isNew
    ? {
        text: `${before}${name}`,
        place,
        name,
        version: null,
        candidates: world.account.secrets.filter((one) => [one.name, ...one.aliases].includes(name)),
      }
    : randomReference(world, { liked: (one) => asker.changesSecret(boundsOfSecret(one, asker.account)) });
  const manager = random.chance(isNew ? 0.6 : 0.4) ? randomManager(world) : null;
  const scope = isNew && random.chance(0.7) ? randomScope(world) : null;
  const written = scope?.type === 'rows' ? writtenRows(world, scope.rows, { asker }) : null;
  const body = {
    secret: asked.text,
    secretsManager: manager?.text ?? null,
    scope: written === null ? scope : { type: 'rows', rows: written.input },
  };
  const isKnown = written === null || written.rows !== null;
  const judged = judgeWrite({ asked, manager, scope, isKnown }, asker);
  return typeof judged === 'string'
    ? { asked, body, outcome: judged, subject: null }
    : { asked, body, outcome: 'ok', subject: judged };
}

function judgeWrite(
  intent: {
    asked: AskedSecret;
    manager: { found: ModelManager | null } | null;
    scope: ModelScope | null;
    /** Whether the asker may know of all that the scope names. */
    isKnown: boolean;
  },
  asker: ModelAsker,
): NonNullable<WriteIntent['subject']> | string {
  const { account } = asker;
  const existing = chooseToSee(intent.asked, asker);
  if (typeof existing === 'string') return existing;
  if (existing === null && intent.asked.name === null) return 'not-found';
  const named = intent.manager === null ? null : findManager(intent.manager.found, asker);
  if (intent.manager !== null && named === null) return 'not-found';
  const kept =
    existing === null ? account.managers.find(({ isDefault }) => isDefault) : managerOf(existing, account);
  const manager = named ?? kept;
  if (manager === undefined) return 'no-default-secrets-manager';
  if (existing !== null) {
    if (intent.scope !== null) return 'invalid-request';
    return judgeVersion({ existing, manager }, asker);
  }
  return judgeNew({ ...intent, manager }, asker);
}

function judgeVersion(
  { existing, manager }: { existing: ModelSecret; manager: ModelManager },
  asker: ModelAsker,
): NonNullable<WriteIntent['subject']> | string {
  const { account } = asker;
  const before = boundsOfSecret(existing, account);
  if (!asker.changesSecret(before)) return 'forbidden';
  const subject = { existing, manager, scope: existing.scope };
  if (manager.id === managerOf(existing, account).id) return subject;
  const { scope } = existing;
  if (scope.type === 'rows' && !isWithin(scope.rows, manager.scope, account)) return 'scope-too-wide';
  const after = scope.type === 'inherit' ? manager.scope : before;
  if (!asker.changesSecret(after)) return 'forbidden';
  if (before !== 'account' && after !== 'account' && !isWithin(before, after, account))
    return 'scope-too-wide';
  const names = [existing.name, ...existing.aliases];
  return names.some((name) => isNameTaken({ name, bounds: after, of: existing.id }, asker))
    ? 'name-taken'
    : subject;
}

function judgeNew(
  intent: { asked: AskedSecret; manager: ModelManager; scope: ModelScope | null; isKnown: boolean },
  asker: ModelAsker,
): NonNullable<WriteIntent['subject']> | string {
  const { account } = asker;
  const { asked, manager } = intent;
  if (!intent.isKnown) return 'invalid-scope';
  const place = asked.place === null ? null : findPlace(asked.place, asker);
  const ofPlace: ModelScope =
    place === null
      ? { type: 'inherit' }
      : { type: 'rows', rows: [{ applications: [place.application], environments: [place.id] }] };
  const scope = intent.scope ?? ofPlace;
  const bounds = scope.type === 'account' ? 'account' : scope.type === 'inherit' ? manager.scope : scope.rows;
  if (!asker.changesSecret(bounds)) return 'forbidden';
  if (scope.type === 'rows' && !isWithin(scope.rows, manager.scope, account)) return 'scope-too-wide';
  const isTaken = isNameTaken({ name: asked.name ?? '', bounds, of: null }, asker);
  return isTaken ? 'name-taken' : { existing: null, manager, scope };
}

/** Whether another secret has the name, so that it could mean either at some place. */
export function isNameTaken(
  { name, bounds, of }: { name: string; bounds: Bounds; of: string | null },
  { account }: ModelAsker,
): boolean {
  return account.secrets.some((one) => {
    if (one.id === of || ![one.name, ...one.aliases].includes(name)) return false;
    const other = boundsOfSecret(one, account);
    if (other === 'account' || bounds === 'account') return other === bounds;
    if (other.length === 0 || bounds.length === 0) return other.length === bounds.length;
    return !covered(other, account).isDisjointFrom(covered(bounds, account));
  });
}

const offersToWrite: Ask = (world, by) => {
  const { body, outcome } = randomWrite(world, by);
  return {
    kind: 'offers to write',
    by,
    method: 'POST',
    path: '/v1/offers/write',
    body,
    expected: [outcome],
  };
};

const explainScope: Ask = (world, by) => {
  const { random } = world;
  const asker = askerOf(world, by);
  const asked = random.chance(0.6) ? randomReference(world, { liked: seenBy(asker), versions: true }) : null;
  const manager = random.chance(0.4) ? randomManager(world) : null;
  const scope = random.chance(0.5) ? randomScope(world) : null;
  const found = asked === null ? null : requireSeen(asked, asker);
  const secret = found === null || isRefused(found) ? null : found;
  const kept = secret?.scope.type === 'rows' ? secret.scope.rows : [];
  const written = scope?.type === 'rows' ? writtenRows(world, scope.rows, { asker, kept }) : null;
  const named = manager === null ? null : findManager(manager.found, asker);
  const assumed = named ?? assumedManager(secret, asker);
  const judge = (): string => {
    if (asked !== null && asked.version !== null) return 'invalid-request';
    if (found !== null && isRefused(found)) return found;
    if (manager !== null && named === null) return 'not-found';
    if (assumed === null) return 'no-default-secrets-manager';
    return written !== null && written.rows === null ? 'invalid-scope' : 'ok';
  };
  const bounds =
    assumed === null ? [] : effectiveBounds(world, scope ?? secret?.scope ?? { type: 'inherit' }, assumed.id);
  return {
    kind: 'explain scope',
    by,
    method: 'POST',
    path: '/v1/scopes/explain',
    body: {
      secret: asked?.text ?? null,
      scope: written === null ? scope : { type: 'rows', rows: written.input },
      secretsManager: manager?.text ?? null,
    },
    expected: [judge()],
    facts: {
      expected: [placesFor(bounds, asker), groupsFor(world, bounds, asker)],
      observe: ({ body }) => [
        sorted(body.places.map(({ environment }: Loose) => environment.id)),
        body.groups && sorted(body.groups.map(({ id, placeCount }: Loose) => `${id} ${placeCount}`)),
      ],
    },
  };
};

/** Of a secret that is seen its own; without a secret the default one, where the asker may know of it. */
function assumedManager(secret: ModelSecret | null, asker: ModelAsker): ModelManager | null {
  if (secret !== null) return managerOf(secret, asker.account);
  return findManager(asker.account.managers.find(({ isDefault }) => isDefault) ?? null, asker);
}

function placesFor(bounds: Bounds, asker: ModelAsker): string[] {
  const there = existing(asker.account.environments);
  return sorted(
    there
      .filter(({ id }) => isUsable(bounds, id, asker.account) && asker.seesEnvironment(id))
      .map(({ id }) => id),
  );
}

function groupsFor({ account }: World, bounds: Bounds, asker: ModelAsker): string[] | null {
  if (!asker.holds('manage-users-and-groups')) return null;
  const there = existing(account.environments);
  const using = account.groups.flatMap(({ id, rights }) => {
    const group = new ModelAsker(account, [[rights]]);
    if (!group.usesSecret(bounds, null)) return [];
    return [`${id} ${there.filter((one) => group.usesSecret(bounds, one.id)).length}`];
  });
  return sorted(using);
}

export const SECRET_QUESTIONS: Asks = [
  [null, listSecrets],
  [null, readSecret],
  [null, readSecret],
  [null, resolveSecrets],
  [null, resolveSecrets],
  [null, offersToRead],
  [null, offersAtPlace],
  ['manage-secrets', offersToWrite],
  [null, explainScope],
];
