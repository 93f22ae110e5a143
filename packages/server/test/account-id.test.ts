// The id that checkpoints name the account by.
import { expect, test } from 'vitest';
import { openAccountId } from '../src/audit/account-id.ts';
import { openSqliteStore } from '../src/storage/sqlite/sqlite-store.ts';

test('the account has a random id that is made once and kept for good', async () => {
  const [one, other] = await Promise.all([
    openSqliteStore({ path: ':memory:' }),
    openSqliteStore({ path: ':memory:' }),
  ]);
  const ids = await Promise.all([openAccountId(one), openAccountId(one), openAccountId(other)]);
  expect(ids[0]).toMatch(/^acc_[0-9a-f]{32}$/);
  expect(ids[1]).toBe(ids[0]);
  expect(ids[2]).not.toBe(ids[0]);
  expect(await openAccountId(one)).toBe(ids[0]);
  await Promise.all([one.close(), other.close()]);
});
