// Two server processes on one SQLite file that are asked at the same time for what cannot both happen: it always ends as if one request had
// come after the other.
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { outcomeOf } from './access-question.ts';
import { addApplication, region, resolveAs, scope } from './account.ts';
import { expectOne, race, ROUNDS, startRaceWorld, write } from './race-world.ts';
import type { Asking, RaceWorld, Side } from './race-world.ts';
import { addManager, until, valuesIn } from './test-server.ts';
import type { Answer, Loose } from './test-server.ts';

// They wait for each other on purpose.
vi.setConfig({ testTimeout: 60_000 });

let world: RaceWorld;
let first: Side;
let second: Side;

beforeAll(async () => {
  world = await startRaceWorld();
  ({ first, second } = world);
  await addManager(first.on, 'keys');
  await addApplication(first.on, 'shop', ['prod', 'staging']);
});
afterAll(async () => {
  await world.end();
});

const post =
  (side: () => Side, path: string, body: (round: number) => unknown): Asking =>
  async (round) =>
    side().on.call('POST', path, body(round));
const one = (): Side => first;
const other = (): Side => second;

describe('the default flag', () => {
  const flagged = async (): Promise<string[]> => {
    const { secretsManagers } = (await first.on.call('GET', '/v1/secrets-managers')).body;
    return secretsManagers.filter(({ isDefault }: Loose) => isDefault).map(({ name }: Loose) => name);
  };

  test('given to two secrets managers has exactly one in the end', async () => {
    await addManager(first.on, 'a');
    await addManager(first.on, 'b');
    await race(
      post(one, '/v1/secrets-managers/a/default', () => undefined),
      post(other, '/v1/secrets-managers/b/default', () => undefined),
      async (outcomes) => {
        expect(outcomes).toEqual(['ok', 'ok']);
        const names = await flagged();
        expect(names).toHaveLength(1);
        expect(['a', 'b']).toContain(names[0]);
        return names[0] === 'b' ? 'one' : 'other';
      },
    );
  });

  test('given to one that is deleted: it stays, or it was deleted before', async () => {
    await race(
      async (round) => {
        const name = `short-lived ${round}`;
        await addManager(first.on, name);
        return first.on.call('POST', `/v1/secrets-managers/${encodeURIComponent(name)}/default`);
      },
      async (round) => {
        const path = `/v1/secrets-managers/${encodeURIComponent(`short-lived ${round}`)}`;
        // It takes a while until it is there; only then do they race.
        for (;;) {
          const answer = await second.on.call('DELETE', path);
          if (answer.status !== 404) return answer;
        }
      },
      async (outcomes) => {
        expect(await flagged()).toHaveLength(1);
        return expectOne(outcomes, ['not-found', 'secrets-manager-is-default']);
      },
    );
  });
});

describe('the same name', () => {
  test.each([
    ['a secret', 1],
    ['an application', 0],
    ['an environment', 0],
    ['a secrets manager', 0],
    ['a user group', 0],
    ['an API key', 0],
  ])('is given once to %s', async (what) => {
    const settings = { kind: 'built-in' };
    const ways: Record<string, (side: () => Side) => Asking> = {
      'a secret': (side) => async (round) => write(side(), { secret: `twin-${round}`, expectedVersion: 0 }),
      'an application': (side) => post(side, '/v1/applications', (round) => ({ name: `twin-${round}` })),
      'an environment': (side) =>
        post(side, '/v1/applications/shop/environments', (round) => ({
          name: `twin-${round}`,
          type: 'production',
        })),
      'a secrets manager': (side) =>
        post(side, '/v1/secrets-managers', (round) => ({ name: `twin ${round}`, settings })),
      'a user group': (side) => post(side, '/v1/groups', (round) => ({ name: `twin ${round}` })),
      'an API key': (side) => post(side, '/v1/api-keys', (round) => ({ name: `twin ${round}` })),
    };
    const way = ways[what] as (side: () => Side) => Asking;
    await race(way(one), way(other), (outcomes) => expectOne(outcomes, ['name-taken', 'edit-conflict']));
  });

  test('is not taken from a secret that is renamed to it by one that is created', async () => {
    await race(
      async (round) => {
        await write(first, { secret: `before-${round}` });
        return first.on.call('PATCH', `/v1/secrets/before-${round}`, { name: `wanted-${round}` });
      },
      async (round) => write(second, { secret: `wanted-${round}`, expectedVersion: 0 }),
      (outcomes) => expectOne(outcomes, ['name-taken', 'edit-conflict']),
    );
  });
});

describe('the same version', () => {
  test('expected by two writers is written by one of them', async () => {
    await write(first, { secret: 'contended' });
    await race(
      async (round) =>
        write(first, { secret: 'contended', expectedVersion: round + 1, value: `first ${round}` }),
      async (round) =>
        write(second, { secret: 'contended', expectedVersion: round + 1, value: `second ${round}` }),
      async (outcomes, round) => {
        const order = expectOne(outcomes, ['edit-conflict']);
        const winner = outcomes[0] === 'ok' ? 'first' : 'second';
        const reference = `contended@${round + 2}`;
        expect(valuesIn(await resolveAs(first.on, first.delegate, { items: [reference] }))).toEqual({
          [reference]: `${winner} ${round}`,
        });
        return order;
      },
    );
  });

  test('expected by nobody in particular: each write that is answered has a version of its own', async () => {
    const written = new Map<number, string>();
    const way =
      (side: () => Side, name: string): Asking =>
      async (round) => {
        const answer = await write(side(), { secret: 'shared', value: `${name} ${round}` });
        if (answer.status === 200) {
          expect(written.has(answer.body.secret.version)).toBe(false);
          written.set(answer.body.secret.version, `${name} ${round}`);
        }
        return answer;
      };
    await write(first, { secret: 'shared' });
    await race(way(one, 'first'), way(other, 'second'), (outcomes) => {
      expect(outcomes).toContain('ok');
      for (const outcome of outcomes) expect(['ok', 'edit-conflict']).toContain(outcome);
      return null;
    });
    const items = [...written.keys()].map((version) => `shared@${version}`);
    const stored = Object.values(valuesIn(await resolveAs(second.on, second.delegate, { items })));
    expect(stored).toEqual([...written.values()]);
    expect(Math.max(...written.keys())).toBe(written.size + 1);
  });
});

describe('a secret that is deleted', () => {
  const trail = async (id: string): Promise<string[]> => {
    const { records } = (await first.on.call('GET', `/v1/audit?resource=${id}&limit=100`)).body;
    return records.map(({ action }: Loose) => action).toReversed();
  };

  test.each(['renamed', 'given another scope', 'written'])(
    'and %s at the same time is gone',
    async (what) => {
      let id = '';
      const edits: Record<string, Asking> = {
        renamed: async (round) => first.on.call('PATCH', `/v1/secrets/${id}`, { name: `other-${round}` }),
        'given another scope': async () =>
          first.on.call('PATCH', `/v1/secrets/${id}`, { scope: { type: 'account' } }),
        written: async () => write(first, { secret: id }),
      };
      const edit = edits[what] as Asking;
      const ids: string[] = [];
      for (let round = 0; round < ROUNDS; round += 1) {
        ids.push((await write(first, { secret: `doomed-${what.length}-${round}` })).body.secret.id);
      }
      await race(
        async (round) => {
          id = ids[round] ?? '';
          return edit(round);
        },
        async (round) => second.on.call('DELETE', `/v1/secrets/${ids[round]}`),
        async ([edited, deleted], round) => {
          expect(deleted).toBe('ok');
          expect(['ok', 'not-found', 'edit-conflict']).toContain(edited);
          expect(outcomeOf(await first.on.call('GET', `/v1/secrets/${ids[round]}`))).toBe('not-found');
          const actions = await trail(ids[round] ?? '');
          expect(actions.at(-1)).toBe('secret.deleted');
          expect(actions.length).toBe(edited === 'ok' ? 3 : 2);
          return edited === 'ok' ? 'one' : 'other';
        },
      );
    },
  );
});

describe("a secrets manager's scope", () => {
  test('is narrowed, or a secret is written beyond it, never both', async () => {
    await addApplication(first.on, 'billing', ['prod']);
    await first.on.call('POST', '/v1/secrets-managers', {
      name: 'narrowing',
      settings: { kind: 'built-in' },
    });
    const secretsManager = 'narrowing';
    await race(
      async () => first.on.call('PATCH', '/v1/secrets-managers/narrowing', { usageScope: region('shop/*') }),
      async (round) => write(second, { secret: `wide-${round}`, secretsManager, scope: scope('billing/*') }),
      async (outcomes, round) => {
        const order = expectOne(outcomes, ['scope-conflict', 'scope-too-wide', 'edit-conflict']);
        // As before, for the next round.
        await first.on.call('DELETE', `/v1/secrets/wide-${round}`);
        const everywhere = { usageScope: region('*/*') };
        expect(outcomeOf(await first.on.call('PATCH', '/v1/secrets-managers/narrowing', everywhere))).toBe(
          'ok',
        );
        return order;
      },
    );
  });

  test('is narrowed, or a secret moves under it that is used beyond it, never both', async () => {
    const settings = { kind: 'built-in' };
    for (const [name, usageScope] of Object.entries({ from: region('shop/*'), to: region('*/*') })) {
      await first.on.call('POST', '/v1/secrets-managers', { name, settings, usageScope });
    }
    await first.on.call('POST', '/v1/applications/shop/services', { name: 'api' });
    for (let round = 0; round < ROUNDS; round += 1) {
      const secret = `mover-${round}`;
      await write(first, { secret, secretsManager: 'from', scope: { type: 'inherit' } });
      const entry = { kind: 'variable', name: `V_${round}`, environment: 'staging', secret };
      const put = await first.on.call('PUT', '/v1/applications/shop/services/api/config', entry);
      expect(put.status).toBe(200);
    }
    await race(
      async (round) => write(first, { secret: `mover-${round}`, secretsManager: 'to' }),
      async () => second.on.call('PATCH', '/v1/secrets-managers/to', { usageScope: region('shop/prod') }),
      async (outcomes, round) => {
        const order = expectOne(outcomes, ['scope-conflict', 'scope-too-wide', 'edit-conflict']);
        const reference = `sally://shop/staging/mover-${round}`;
        const read = await resolveAs(first.on, first.delegate, { items: [reference] });
        expect(Object.keys(valuesIn(read))).toEqual([reference]);
        // As before, for the next round.
        const { id } = (await first.on.call('GET', `/v1/secrets/mover-${round}`)).body.secret;
        const { confirmationToken } = (await first.on.call('GET', `/v1/secrets/${id}/deletion`)).body;
        await first.on.call('DELETE', `/v1/secrets/${id}?force=true&confirm=${confirmationToken}`);
        const widened = await first.on.call('PATCH', '/v1/secrets-managers/to', {
          usageScope: region('*/*'),
        });
        expect(widened.status).toBe(200);
        return order;
      },
    );
  });
});

describe('an application', () => {
  const fresh = async (round: number, what: string): Promise<{ name: string; token: string }> => {
    const name = `${what}-${round}`;
    await addApplication(first.on, name, ['prod']);
    await first.on.call('POST', `/v1/applications/${name}/services`, { name: 'web' });
    const { confirmationToken } = (await first.on.call('GET', `/v1/applications/${name}/deletion`)).body;
    return { name, token: confirmationToken };
  };
  /** Deletes one as it was before anything named it; `named` does what would have to be in the preview. */
  async function expectEither(what: string, named: (name: string) => Promise<Answer>): Promise<void> {
    const all: { name: string; token: string }[] = [];
    for (let round = 0; round < ROUNDS; round += 1) all.push(await fresh(round, what));
    // The second server knows of new ones within a second.
    const last = `/v1/applications/${all.at(-1)?.name}`;
    await until(async () => (await second.on.call('GET', last)).status === 200);
    const of = (round: number): { name: string; token: string } =>
      all[round] as { name: string; token: string };
    await race(
      async (round) =>
        first.on.call('DELETE', `/v1/applications/${of(round).name}?confirm=${of(round).token}`),
      async (round) => named(of(round).name),
      (outcomes) =>
        expectOne(outcomes, ['confirmation-required', 'not-found', 'invalid-scope', 'edit-conflict']),
    );
  }

  test('is deleted, or a config entry refers to a secret in it, never both', async () => {
    await write(first, { secret: 'referred' });
    const body = { kind: 'variable', name: 'X', environment: null, secret: 'referred' };
    await expectEither('entry', async (name) =>
      second.on.call('PUT', `/v1/applications/${name}/services/web/config`, body),
    );
  });

  test('is deleted, or a secret is scoped to it, never both', async () => {
    await expectEither('scoped', async (name) =>
      write(second, { secret: `of-${name}`, scope: scope(`${name}/*`), secretsManager: 'keys' }),
    );
  });

  test('is deleted, or a secrets manager is scoped to it, never both', async () => {
    const settings = { kind: 'built-in' };
    await expectEither('managed', async (name) =>
      second.on.call('POST', '/v1/secrets-managers', { name, settings, usageScope: region(`${name}/*`) }),
    );
  });

  test('is deleted, or a user group gets rights at it only, never both', async () => {
    await expectEither('granted', async (name) =>
      second.on.call('POST', '/v1/groups', {
        name,
        grants: [{ where: region(`${name}/*`), actions: ['read'] }],
      }),
    );
  });
});
