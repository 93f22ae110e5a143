// What is in the database opens with AWS's own library and access to the KMS key, with nothing of Sallyport running.
import { DatabaseSync } from 'node:sqlite';
import { buildClient, CommitmentPolicy, getClient, KmsKeyringNode, KMS } from '@aws-crypto/client-node';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { labTarget, settingsFor } from './harness/aws-targets.ts';
import { Deployment, pieces } from './harness/deployment.ts';

type Stored = { name: string; envelope: Uint8Array | null; upload_id: string | null };

let target: Awaited<ReturnType<typeof labTarget>>;
let deployment: Deployment;

beforeAll(async () => {
  target = await labTarget();
  deployment = await Deployment.start();
  await deployment.startDelegate({ name: 'one', environment: target.environment });
}, 30_000);

afterAll(async () => target?.close());

test('every envelope opens with the stock AWS Encryption SDK, small and chunked, of two credentials types', async () => {
  const { client } = deployment;
  const large = Buffer.alloc(2_500_000, 'large');
  for (const type of ['sts-role', 'access-keys'] as const) {
    await client.call('createSecretsManager', {
      body: { name: type, settings: settingsFor(target, type, ['one']) },
    });
    await client.set(`${type}-text`, `text of ${type}`, { secretsManager: type });
    await client.upload(`${type}-file`, pieces(large), { secretsManager: type });
  }
  await Promise.all([...deployment.delegates.values(), deployment.server].map(async (part) => part.stop()));

  const database = new DatabaseSync(deployment.databaseFile, { readOnly: true });
  const rows = database
    .prepare(
      'SELECT s.name, v.envelope, v.upload_id FROM secret_versions v JOIN secrets s ON s.id = v.secret_id',
    )
    .all() as Stored[];
  const chunksOf = database.prepare('SELECT bytes FROM upload_chunks WHERE upload_id = ? ORDER BY sequence');
  const { decrypt } = buildClient({
    commitmentPolicy: CommitmentPolicy.REQUIRE_ENCRYPT_REQUIRE_DECRYPT,
    maxEncryptedDataKeys: 1,
  });
  const { accessKeyId, secretAccessKey, keyArn } = target;
  const endpoint = target.lab.kmsEndpoint;
  const keyring = new KmsKeyringNode({
    keyIds: [keyArn],
    clientProvider: getClient(KMS, { endpoint, credentials: { accessKeyId, secretAccessKey } }),
  });
  const opened = new Map<string, Buffer>();
  for (const row of rows) {
    const chunks = chunksOf.all(row.upload_id) as { bytes: Uint8Array }[];
    const envelope = row.envelope ?? Buffer.concat(chunks.map((chunk) => chunk.bytes));
    const { plaintext, messageHeader } = await decrypt(keyring, Buffer.from(envelope));
    expect(messageHeader.encryptionContext['sallyport:secret']).toMatch(/^sec_/);
    opened.set(row.name, plaintext);
  }
  database.close();
  expect(opened.size).toBe(4);
  for (const type of ['sts-role', 'access-keys']) {
    expect(opened.get(`${type}-text`)?.toString()).toBe(`text of ${type}`);
    expect(opened.get(`${type}-file`)?.equals(large)).toBe(true);
  }
}, 60_000);
