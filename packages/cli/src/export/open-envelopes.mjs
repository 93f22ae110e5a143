// Opens the envelopes of this folder with the AWS Encryption SDK for JavaScript. Nothing of Sallyport is needed.
//
//   npm install @aws-crypto/client-node
//   node open.mjs               everything that index.jsonl lists, into values/
//   node open.mjs db-password   only what has this name or id
//
// KMS keys: credentials as AWS's SDK finds them (environment, profile, role); they need kms:Decrypt on the keys in index.jsonl.
// Built-in keys: KEY_RING=/path/to/key-ring.json node open.mjs
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, readFile, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import {
  buildClient,
  CommitmentPolicy,
  KmsKeyringNode,
  MultiKeyringNode,
  RawAesKeyringNode,
  RawAesWrappingSuiteIdentifier,
} from '@aws-crypto/client-node';

const folder = dirname(fileURLToPath(import.meta.url));
const wanted = process.argv[2];
const { decryptStream } = buildClient({
  commitmentPolicy: CommitmentPolicy.REQUIRE_ENCRYPT_REQUIRE_DECRYPT,
  maxEncryptedDataKeys: 4,
});

const keyrings = new Map();
async function keyringFor({ keyArn }) {
  const name = keyArn ?? 'built-in';
  if (!keyrings.has(name)) {
    keyrings.set(name, keyArn === null ? await builtInKeyring() : new KmsKeyringNode({ keyIds: [keyArn] }));
  }
  return keyrings.get(name);
}

async function builtInKeyring() {
  const path = process.env.KEY_RING;
  if (path === undefined) throw new Error('this needs KEY_RING=/path/to/key-ring.json of the delegate');
  const { keys } = JSON.parse(await readFile(path, 'utf8'));
  const children = keys.map(
    ({ id, key }) =>
      new RawAesKeyringNode({
        keyName: id,
        keyNamespace: 'sallyport-built-in',
        unencryptedMasterKey: new Uint8Array(Buffer.from(key, 'base64url')),
        wrappingSuite: RawAesWrappingSuiteIdentifier.AES256_GCM_IV12_TAG16_NO_PADDING,
      }),
  );
  return new MultiKeyringNode({ children });
}

/** Each value is there as a whole, and belongs to what the index says, or is not there at all. */
async function open(entry) {
  const out = join(folder, 'values', `${entry.name}@${entry.version} ${entry.id}`);
  const opened = decryptStream(await keyringFor(entry));
  opened.once('MessageHeader', ({ encryptionContext }) => {
    for (const [key, value] of Object.entries(entry.encryptionContext)) {
      if (encryptionContext[key] !== value) opened.destroy(new Error(`it belongs to another ${key}`));
    }
  });
  await pipeline(
    createReadStream(join(folder, entry.file)),
    opened,
    createWriteStream(`${out}.part`, { mode: 0o600 }),
  );
  await rename(`${out}.part`, out);
}

await mkdir(join(folder, 'values'), { recursive: true, mode: 0o700 });
let [good, failed] = [0, 0];
for await (const line of createInterface({ input: createReadStream(join(folder, 'index.jsonl')) })) {
  const entry = JSON.parse(line);
  if (wanted !== undefined && wanted !== entry.name && wanted !== entry.id) continue;
  try {
    await open(entry);
    good += 1;
  } catch (error) {
    failed += 1;
    console.error(`${entry.name}@${entry.version} (${entry.file}): ${error.message}`);
  }
}
console.error(`${good} opened into values/, ${failed} failed`);
process.exitCode = failed === 0 && good > 0 ? 0 : 1;
