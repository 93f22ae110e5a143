// Offers for all of a place: what is listed there is exactly what the caller may have there.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { addApplication, grant, keyWith, scope, writeAs } from './account.ts';
import type { ScriptedDelegate } from './scripted-delegate.ts';
import { addManager, expectError, startTestServer } from './test-server.ts';
import type { Loose, TestServer } from './test-server.ts';

let on: TestServer;
let delegate: ScriptedDelegate;

beforeEach(async () => {
  on = await startTestServer();
  delegate = await on.delegate();
  await addManager(on, 'keys');
  await addApplication(on, 'shop', ['prod', 'staging']);
});
afterEach(async () => {
  await on.end();
});

async function offersAt(environment: string, key?: string): Promise<Loose> {
  const body = { place: { application: 'shop', environment } };
  return on.call('POST', '/v1/offers/read', body, key);
}

function itemsIn({ body }: Loose): Loose[] {
  return body.groups.flatMap(({ items }: Loose) => items);
}

describe('all of a place', () => {
  test('is what is usable there, with version and size, by references that say where', async () => {
    await writeAs(on, delegate, { secret: 'b', scope: scope('shop/*') });
    await writeAs(on, delegate, { secret: 'a', scope: scope('shop/prod') });
    await writeAs(on, delegate, { secret: 'elsewhere', scope: scope('shop/staging') });
    await writeAs(on, delegate, { secret: 'account', scope: { type: 'account' } });
    const items = itemsIn(await offersAt('prod'));
    expect(items.map(({ reference, version, kind }) => [reference, version, kind])).toEqual([
      ['sally://shop/prod/a', 1, 'text'],
      ['sally://shop/prod/b', 1, 'text'],
    ]);
  });

  test('is refused whole to whoever may only see it, and to whoever may only use it', async () => {
    await writeAs(on, delegate, { secret: 'a', scope: scope('shop/*') });
    const seeing = await keyWith(on, { grants: [grant(['read'], 'shop/prod')] });
    expectError(await offersAt('prod', seeing), 'forbidden');
    const using = await keyWith(on, { grants: [grant(['use'], 'shop/prod')] });
    const refused = await offersAt('prod', using);
    expectError(refused, 'forbidden');
    expect(JSON.stringify(refused.body)).not.toContain('sally://');
    expectError(await offersAt('staging', using), 'not-found');
    expectError(await offersAt('nowhere'), 'not-found');
  });

  test('comes whole when there is more than one page of it', async () => {
    const names = Array.from({ length: 501 }, (_, index) => `s${index}`);
    for (let at = 0; at < names.length; at += 50) {
      const some = names.slice(at, at + 50);
      await Promise.all(
        some.map(async (secret) => writeAs(on, delegate, { secret, scope: scope('shop/prod') })),
      );
    }
    expect(new Set(itemsIn(await offersAt('prod')).map(({ reference }) => reference)).size).toBe(501);
  });

  test('is asked for by items or by a place, never both or neither', async () => {
    const place = { application: 'shop', environment: 'prod' };
    expectError(await on.call('POST', '/v1/offers/read', { place, items: ['a'] }), 'invalid-request');
    expectError(await on.call('POST', '/v1/offers/read', {}), 'invalid-request');
  });
});
