// One question of the access fuzzer: a request by somebody, what the brute-force model says of it, and what of the answer says the same.
import { expect } from 'vitest';
import { boundsOfSecret } from './access-model.ts';
import type { ModelAsker, ModelKey, ModelSecret, Rows } from './access-model.ts';
import { existing } from './access-random.ts';
import { askerOf, groupsOf } from './access-world.ts';
import type { World } from './access-world.ts';
import type { Answer } from './test-server.ts';

export type Question = {
  /** E.g. `edit secret`: both sides of every kind have to be reached. */
  kind: string;
  by: ModelKey;
  method: string;
  path: string;
  body?: unknown;
  /** `ok`, or the error code, of each decision in the answer. */
  expected: string[];
  /** The same from the answer. Left out: one decision, by status and error code. */
  observe?: (answer: Answer) => string[];
  /** What else has to hold of a good answer, or of a refusal, compared as JSON. */
  facts?: { of?: 'refusal'; expected: unknown; observe: (answer: Answer) => unknown };
  /** What a good answer changes in the model. */
  apply?: (answer: Answer) => void;
  /** The question to ask after this one, e.g. the same with a confirmation. */
  next?: (answer: Answer) => Question | null;
};

export type Verdict = { decisions: number; outcomes: string[]; disagreement: string | null };

export function outcomeOf({ status, body }: Answer): string {
  return status < 300 ? 'ok' : String(body?.error?.code);
}

export async function ask(world: World, question: Question): Promise<Verdict & { answer: Answer }> {
  const { by, method, path, body, expected, observe, facts } = question;
  const hidden = hiddenFrom(question, world);
  const answer = await world.call(by, method, path, body);
  const observed = observe === undefined ? [outcomeOf(answer)] : observe(answer);
  const problems: string[] = [];
  const compare = (what: string, model: unknown, api: unknown): void => {
    const [a, b] = [JSON.stringify(model), JSON.stringify(api)];
    if (a !== b) problems.push(`${what}: the model says ${a}, the API says ${b}`);
  };
  compare('decision', expected, observed);
  const hasFacts = facts !== undefined && answer.status < 300 === (facts.of !== 'refusal');
  if (hasFacts && problems.length === 0) compare('content', facts.expected, facts.observe(answer));
  const asked = `${decodeURIComponent(path)} ${JSON.stringify(body ?? null)}`;
  const text = JSON.stringify(answer.body);
  const told = hidden.filter((name) => text.includes(name) && !asked.includes(name));
  if (told.length > 0) problems.push(`the answer tells of ${told.join(', ')}`);
  const disagreement =
    problems.length === 0
      ? null
      : `${question.kind}: ${problems.join('; ')}\n  ${method} ${asked}\n  by ${describeKey(world, by)}\n  answer ${text.slice(0, 2000)}`;
  return { decisions: expected.length, outcomes: observed, disagreement, answer };
}

function describeKey(world: World, key: ModelKey): string {
  return JSON.stringify({ name: key.name, owner: key.owner, layers: askerOf(world, key).layers });
}

function hiddenFrom({ kind, by }: Question, world: World): string[] {
  // Who may read the audit trail may read all of it.
  if (kind === 'read audit trail') return [];
  // What a secret was called before is no secret to those who see it, though another one may have that name now.
  const isHistory = kind.startsWith('list secret ');
  return [...hiddenNames(world, by), ...(isHistory ? [] : hiddenSecrets(world, by))];
}

/** Names of everything that the key may not know of. All names are such that none contains another. */
function hiddenNames(world: World, key: ModelKey): string[] {
  const { account } = world;
  const asker = askerOf(world, key);
  const groups = groupsOf(world, key);
  const managesGroups = asker.holds('manage-users-and-groups') || asker.holds('manage-api-keys');
  return [
    ...account.applications.filter(({ id }) => !asker.seesApplication(id)),
    ...account.environments.filter(({ id }) => !asker.seesEnvironment(id)),
    ...account.services.filter(({ application }) => !asker.seesApplication(application)),
    ...account.managers.filter((one) => !asker.seesManager(one)),
    ...account.groups.filter(({ id, builtIn }) => !builtIn && !managesGroups && !groups.has(id)),
  ].map(({ name }) => name);
}

/** Names that only secrets have which the key may not know of. */
function hiddenSecrets(world: World, key: ModelKey): string[] {
  const { account } = world;
  const asker = askerOf(world, key);
  const namesOf = ({ name, aliases }: ModelSecret): string[] => [name, ...aliases];
  const visible = account.secrets.filter((one) => asker.seesSecret(boundsOfSecret(one, account)));
  const known = new Set(visible.flatMap(namesOf));
  return account.secrets.flatMap(namesOf).filter((name) => !known.has(name));
}

export function sorted(names: readonly string[]): string[] {
  return [...names].sort();
}

/** Rows as the API takes them, by ids or names; `null`: refused, since the asker may not know of something that they name. */
export function writtenRows(
  { random, account }: World,
  rows: Rows,
  by: { asker: ModelAsker; kept?: Rows },
): { input: unknown; rows: Rows | null } {
  const { asker, kept = [] } = by;
  const keptIds = new Set(
    kept
      .flatMap((row) => [row.applications, row.environments])
      .filter((ids) => typeof ids !== 'string')
      .flat(),
  );
  let isKnown = true;
  const write = (
    all: readonly { id: string; name: string; deleted: boolean }[],
    id: string,
    sees: boolean,
  ) => {
    const found = all.find((one) => one.id === id);
    const name = random.chance(0.3) && found !== undefined ? found.name : null;
    const isThere = found !== undefined && !found.deleted && sees;
    if (!isThere && (name !== null || !keptIds.has(id))) isKnown = false;
    return name ?? id;
  };
  const input = rows.map(({ applications, environments }) => {
    if (applications === 'all') return { applications, environments };
    const apps = applications.map((id) => write(account.applications, id, asker.seesApplication(id)));
    if (typeof environments === 'string') return { applications: apps, environments };
    const envs = environments.map((id) => {
      const text = write(account.environments, id, asker.seesEnvironment(id));
      if (text === id) return text;
      const application = account.environments.find((one) => one.id === id)?.application ?? '';
      // Beside the name its application has to be named, and so to be known.
      if (apps.length === 1 && random.chance(0.5)) return text;
      if (!existing(account.applications).some((one) => one.id === application)) isKnown = false;
      return `${application}/${text}`;
    });
    return { applications: apps, environments: envs };
  });
  return { input, rows: isKnown ? rows : null };
}

/** How often each kind of question had which outcome. */
export type Tally = Map<string, Map<string, number>>;

const AREAS: readonly (readonly [kinds: RegExp, outcomes: readonly string[]])[] = [
  [/^(resolve|offers to read)$/, ['ok', 'forbidden', 'not-found']],
  [/^(list|get|explain).* (secret|scope)( |$)/, ['ok', 'not-found']],
  [/^(edit|write|delete) secret$|^offers to write$|^preview secret/, ['ok', 'forbidden', 'not-found']],
  [/secrets manager|default/, ['ok', 'forbidden', 'not-found']],
  [/application|environment|service|config entr/, ['ok', 'forbidden', 'not-found']],
  [/group|API key/, ['ok', 'forbidden', 'not-found']],
];

/** A check that the questions of a run came to the point: in every area enough was allowed, forbidden and not found. */
export function expectAllSides(tally: Tally, atLeast: number): void {
  for (const [kinds, outcomes] of AREAS) {
    const ofArea = [...tally].filter(([kind]) => kinds.test(kind)).map(([, counts]) => counts);
    for (const outcome of outcomes) {
      const count = ofArea.reduce((sum, counts) => sum + (counts.get(outcome) ?? 0), 0);
      expect(count, `${kinds}: ${outcome}`).toBeGreaterThan(atLeast);
    }
  }
}

/** For long runs: every kind of question was allowed and refused, except for lists, which leave out instead. */
export function expectBothSides(tally: Tally): void {
  const oneSided = [...tally].filter(
    ([, outcomes]) => !outcomes.has('ok') || [...outcomes.keys()].every((outcome) => outcome === 'ok'),
  );
  expect(oneSided.map(([kind]) => kind).filter((kind) => !kind.startsWith('list'))).toEqual([]);
}
