// The account for the matrix of rights (rbac-matrix.test.ts), and people who try things in it.
import { expect } from 'vitest';
import type { UsageScopeInput } from '@sallyport/protocol';
import { addApplication, keyWith, region, resolveAs, writeAs } from './account.ts';
import type { RightsChoice } from './account.ts';
import type { ScriptedDelegate } from './scripted-delegate.ts';
import { addManager, startTestServer } from './test-server.ts';
import type { Answer, Loose, TestServer } from './test-server.ts';

export type World = { on: TestServer; delegate: ScriptedDelegate };

/** Who tries: with these rights, or by a key of a built-in group. */
export type Who = RightsChoice | { group: string };

export class Actor {
  readonly #world: World;
  readonly key: string;

  constructor(world: World, key: string) {
    this.#world = world;
    this.key = key;
  }

  async call(method: string, path: string, body?: unknown): Promise<Answer> {
    return this.#world.on.call(method, path, body, this.key);
  }

  async write(writing: {
    secret: string;
    secretsManager?: string;
    scope?: UsageScopeInput;
  }): Promise<Answer> {
    const { on, delegate } = this.#world;
    return writeAs(on, delegate, { ...writing, key: this.key });
  }

  /** One value; an item that is not answered is the answer's error. */
  async resolve(item: string): Promise<Answer> {
    const { on, delegate } = this.#world;
    const answer = await resolveAs(on, delegate, { items: [item], key: this.key });
    const [unresolved] = answer.body.unresolved;
    return unresolved === undefined ? answer : { ...answer, status: 400, body: unresolved };
  }

  /** By id and in the list, which have to agree. */
  async see(list: string, id: string): Promise<Answer> {
    const answer = await this.call('GET', `${list}/${id}`);
    const listed = await this.call('GET', list);
    const [items] = Object.values(listed.body as Record<string, Loose[]>);
    expect(items?.some((one) => one.id === id)).toBe(answer.status === 200);
    return answer;
  }
}

export async function startRbacWorld(): Promise<World> {
  const on = await startTestServer();
  const delegate = await on.delegate();
  await addApplication(on, 'shop', ['prod', 'staging']);
  await addApplication(on, 'billing', ['prod', 'dev']);
  await addManager(on, 'everywhere');
  return { on, delegate };
}

export async function actor(world: World, who: Who): Promise<Actor> {
  if (!('group' in who)) return new Actor(world, await keyWith(world.on, who));
  const name = `of ${who.group} ${names++}`;
  const made = await world.on.call('POST', '/v1/api-keys', { name, owner: { groups: [who.group] } });
  expect(made.status).toBe(201);
  return new Actor(world, made.body.value);
}

let names = 1;

/** A new secrets manager of this scope; gives its id. */
export async function freshManager({ on }: World, ...rows: string[]): Promise<string> {
  const name = `manager ${names++}`;
  const settings = { kind: 'built-in' };
  const made = await on.call('POST', '/v1/secrets-managers', { name, settings, usageScope: region(...rows) });
  expect(made.status, JSON.stringify(made.body)).toBe(201);
  return made.body.secretsManager.id;
}

/** A new secret of this scope, which nobody has asked for yet; gives its id. */
export async function freshSecret(
  { on, delegate }: World,
  scope: UsageScopeInput,
  secretsManager = 'everywhere',
): Promise<string> {
  const made = await writeAs(on, delegate, { secret: freshName(), scope, secretsManager });
  expect(made.status, JSON.stringify(made.body)).toBe(200);
  return made.body.secret.id;
}

export async function freshService({ on }: World, application: string): Promise<string> {
  const made = await on.call('POST', `/v1/applications/${application}/services`, { name: freshName() });
  expect(made.status).toBe(201);
  return made.body.id;
}

export function freshName(): string {
  return `fresh-${names++}`;
}

/** A new application with these environments; gives its name. */
export async function freshApplication({ on }: World, ...environments: string[]): Promise<string> {
  const name = freshName();
  await addApplication(on, name, environments);
  return name;
}
