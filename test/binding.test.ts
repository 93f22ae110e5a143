// Rule 2 of the design: an envelope moved to another secret, version or secrets manager does not open, nor does a changed one.
// Attack: somebody with write access to the database swaps rows or flips bits.
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { Deployment } from './harness/deployment.ts';

let deployment: Deployment;
let database: DatabaseSync;

type Row = { secret_id: string; version: number; secrets_manager_id: string; envelope: Uint8Array };

function rowOf(name: string, version: number): Row {
  const row = database
    .prepare(
      'SELECT v.* FROM secret_versions v JOIN secrets s ON s.id = v.secret_id WHERE s.name = ? AND v.version = ?',
    )
    .get(name, version);
  if (row === undefined) throw new Error(`no version ${version} of ${name}`);
  return row as unknown as Row;
}

function setEnvelope(row: Row, envelope: Uint8Array): void {
  const done = database
    .prepare('UPDATE secret_versions SET envelope = ? WHERE secret_id = ? AND version = ?')
    .run(envelope, row.secret_id, row.version);
  expect(done.changes).toBe(1);
}

async function refusal(reference: string): Promise<string> {
  try {
    await deployment.client.get(reference);
    return 'it opened';
  } catch (thrown) {
    return (thrown as { code?: string }).code ?? String(thrown);
  }
}

beforeAll(async () => {
  deployment = await Deployment.start();
  await deployment.startDelegate({ name: 'local' });
  const { client } = deployment;
  await client.call('createSecretsManager', { body: { name: 'ring', settings: { kind: 'built-in' } } });
  await client.call('createSecretsManager', { body: { name: 'other', settings: { kind: 'built-in' } } });
  database = new DatabaseSync(deployment.databaseFile);
}, 30_000);

afterAll(async () => {
  database?.close();
  await deployment?.close();
});

beforeEach(async () => {
  await deployment.client.set('alpha', 'value of alpha 1');
  await deployment.client.set('beta', 'value of beta');
});

test('an envelope in the place of another secret does not open', async () => {
  const [alpha, beta] = [rowOf('alpha', 1), rowOf('beta', 1)];
  setEnvelope(alpha, beta.envelope);
  expect(await refusal('alpha@1')).toBe('envelope-rejected');
  setEnvelope(alpha, alpha.envelope);
  expect(await deployment.client.get('alpha@1')).toBe('value of alpha 1');
});

test('an older version in the place of the newest does not open', async () => {
  const { secret } = await deployment.client.describe('alpha');
  const [old, newest] = [rowOf('alpha', 1), rowOf('alpha', secret.version)];
  setEnvelope(newest, old.envelope);
  expect(await refusal('alpha')).toBe('envelope-rejected');
  setEnvelope(newest, newest.envelope);
});

test('an envelope under another secrets manager does not open', async () => {
  const row = rowOf('alpha', 1);
  const { secretsManagers } = await deployment.client.call('listSecretsManagers', {});
  const other = secretsManagers.find((manager) => manager.name === 'other');
  const move = database.prepare(
    'UPDATE secret_versions SET secrets_manager_id = ? WHERE secret_id = ? AND version = ?',
  );
  move.run(other?.id ?? '', row.secret_id, row.version);
  expect(await refusal('alpha@1')).toBe('envelope-rejected');
  move.run(row.secrets_manager_id, row.secret_id, row.version);
});

test('one bit changed anywhere in an envelope, and it does not open', async () => {
  const row = rowOf('beta', 1);
  const bits = row.envelope.length * 8;
  for (let bit = 0; bit < bits; bit += 37) {
    const changed = Uint8Array.from(row.envelope);
    changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    setEnvelope(row, changed);
    expect(await refusal('beta@1'), `bit ${bit}`).toBe('envelope-rejected');
  }
  setEnvelope(row, row.envelope);
  expect(await deployment.client.get('beta@1')).toBe('value of beta');
}, 60_000);
