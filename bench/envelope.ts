// Our envelope codec against the vendor's Encryption SDK: same format, suite, context and sizes, on both sides with a cached data key.
// The stock library is measured in both of its fast set-ups: behind its caching materials manager, which is its way to cache data
// keys, and with its raw-AES keyring alone, which unwraps the data key each time at the price of one AES-GCM call. What is required
// has to hold against the faster of the two.
// `encrypt` writes message after message. `decrypt` opens one envelope over and over: with a data key per version, the envelope whose
// data key is cached is one that was opened before. Our side then has the keys derived from it still at hand, which the stock library
// derives again. `decrypt, shared data key` opens several messages of one data key in turn, where both sides derive each time.
// Numbers are per second of CPU time of the measuring thread (see `isolate`); with a wall clock on a busy machine they are lower.
// Our side of decrypting includes finding the data key in a cache by the header's wrapped key, as a delegate does.
import {
  AlgorithmSuiteIdentifier,
  buildClient,
  CommitmentPolicy,
  getLocalCryptographicMaterialsCache,
  NodeCachingMaterialsManager,
  RawAesKeyringNode,
  RawAesWrappingSuiteIdentifier,
} from '@aws-crypto/client-node';
import { createSecretKey, randomBytes } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { isMainThread } from 'node:worker_threads';
import {
  decryptEnvelope,
  encryptEnvelope,
  FRAME_BYTES,
  parseEnvelopeHeader,
  wrapRawAesDataKey,
} from '@sallyport/core/envelope';
import { isolate, measure, report, serveContender } from './measure.ts';
import type { Comparison, Contender, ContenderRequest } from './measure.ts';

const CONTEXT = {
  'sallyport:secrets-manager': 'smg_0123456789abcdefghjkmnpq',
  'sallyport:secret': 'sec_0123456789abcdefghjkmnpq',
  'sallyport:version': '12',
};
const SIZES: readonly { label: string; bytes: number; required?: Partial<Record<Operation, number>> }[] = [
  { label: '1 KiB', bytes: 1_024, required: { encrypt: 10, decrypt: 10 } },
  { label: '1 MiB', bytes: 1_048_576 },
];
const OPERATIONS = ['encrypt', 'decrypt', 'decrypt, shared data key'] as const;
const ENVELOPES = 4;
const OURS = 'ours';
const STOCK_CACHING = 'stock, caching';
const STOCK_SIDES = [STOCK_CACHING, 'stock, keyring alone'] as const;
const SIDES = [OURS, ...STOCK_SIDES] as const;

type Operation = (typeof OPERATIONS)[number];
type Arguments = { operation: Operation; bytes: number };

/** Measures all operations at 1 KiB and 1 MiB. Each set-up proves a round trip before it is measured. */
export async function benchEnvelope(): Promise<Comparison[]> {
  const comparisons: Comparison[] = [];
  for (const size of SIZES) {
    for (const operation of OPERATIONS) comparisons.push(...(await compare(size, operation)));
  }
  return comparisons;
}

async function compare(size: (typeof SIZES)[number], operation: Operation): Promise<Comparison[]> {
  const contenders = await Promise.all(
    SIDES.map((side) =>
      isolate(import.meta.url, { name: side, arguments: { operation, bytes: size.bytes } }),
    ),
  );
  const medians = await measure(contenders, { rounds: 25, roundMs: 60 });
  await Promise.all(contenders.map((contender) => contender.close()));
  const title = `envelope ${operation} ${size.label}`;
  const oursPerSecond = medians[OURS] ?? Number.NaN;
  const atLeast = size.required?.[operation];
  return STOCK_SIDES.map((name) => ({ name, perSecond: medians[name] ?? Number.NaN }))
    .toSorted((left, right) => right.perSecond - left.perSecond)
    .map((other, rank) => ({
      title,
      oursPerSecond,
      other,
      ...(rank === 0 && atLeast !== undefined ? { atLeast } : {}),
    }));
}

async function makeContender(request: ContenderRequest<Arguments>): Promise<Contender> {
  const { name } = request;
  const { operation, bytes } = request.arguments;
  const plaintext = randomBytes(bytes);
  if (name === OURS) {
    const run = ourSetup(plaintext)[operation];
    // No `await` in this loop: it would cost our side a turn of the event loop for nothing.
    return {
      name,
      run: (times) => {
        for (let time = 0; time < times; time += 1) run(time);
      },
    };
  }
  const run = (await stockSetup(plaintext, name === STOCK_CACHING))[operation];
  return {
    name,
    run: async (times) => {
      for (let time = 0; time < times; time += 1) await run(time);
    },
  };
}

/** What each operation does at its `time`th repetition. */
type Setup<Result> = Record<Operation, (time: number) => Result>;

function ourSetup(plaintext: Buffer): Setup<Buffer> {
  const dataKey = createSecretKey(randomBytes(32));
  const wrappingKey = createSecretKey(randomBytes(32));
  const raw = { namespace: 'sallyport', name: 'bench', wrappingKey, encryptionContext: CONTEXT };
  const encrypted = wrapRawAesDataKey(raw, dataKey);
  const options = { dataKey, encryptedDataKeys: [encrypted], encryptionContext: CONTEXT };
  const envelopes = Array.from({ length: ENVELOPES }, () => encryptEnvelope(options, plaintext));
  const cache = new Map<string, KeyObject>([[cacheKey(encrypted.ciphertext), dataKey]]);
  const decrypt = (time: number): Buffer => {
    const envelope = at(envelopes, time);
    const [found] = parseEnvelopeHeader(envelope).encryptedDataKeys;
    const cached = found && cache.get(cacheKey(found.ciphertext));
    if (cached === undefined) throw new Error('the data key is not in the cache');
    return decryptEnvelope({ dataKey: cached, expectedContext: CONTEXT }, envelope);
  };
  if (!decrypt(0).equals(plaintext)) throw new Error('our side does not round trip');
  return {
    encrypt: () => encryptEnvelope(options, plaintext),
    decrypt: () => decrypt(0),
    'decrypt, shared data key': decrypt,
  };
}

async function stockSetup(plaintext: Buffer, isCaching: boolean): Promise<Setup<Promise<unknown>>> {
  const { encrypt, decrypt } = buildClient({
    commitmentPolicy: CommitmentPolicy.REQUIRE_ENCRYPT_REQUIRE_DECRYPT,
    maxEncryptedDataKeys: 4,
  });
  const keyring = new RawAesKeyringNode({
    keyNamespace: 'sallyport',
    keyName: 'bench',
    unencryptedMasterKey: new Uint8Array(randomBytes(32)),
    wrappingSuite: RawAesWrappingSuiteIdentifier.AES256_GCM_IV12_TAG16_NO_PADDING,
    utf8Sorting: true,
  });
  const cache = getLocalCryptographicMaterialsCache(100);
  const materials = isCaching
    ? new NodeCachingMaterialsManager({ backingMaterials: keyring, cache, maxAge: 3_600_000 })
    : keyring;
  const request = {
    suiteId: AlgorithmSuiteIdentifier.ALG_AES256_GCM_IV12_TAG16_HKDF_SHA512_COMMIT_KEY,
    encryptionContext: CONTEXT,
    // Its default frames of 4 KiB would cost it dearly at 1 MiB.
    frameLength: FRAME_BYTES,
  };
  const envelopes: Buffer[] = [];
  for (let left = ENVELOPES; left > 0; left -= 1)
    envelopes.push((await encrypt(materials, plaintext, request)).result);
  const opened = await decrypt(materials, at(envelopes, 0));
  if (!opened.plaintext.equals(plaintext)) throw new Error('the stock library does not round trip');
  return {
    encrypt: () => encrypt(materials, plaintext, request),
    decrypt: () => decrypt(materials, at(envelopes, 0)),
    'decrypt, shared data key': (time) => decrypt(materials, at(envelopes, time)),
  };
}

function at(envelopes: readonly Buffer[], time: number): Buffer {
  const envelope = envelopes[time % ENVELOPES];
  if (envelope === undefined) throw new Error('no such envelope');
  return envelope;
}

function cacheKey(wrappedKey: Uint8Array): string {
  return Buffer.from(wrappedKey.buffer, wrappedKey.byteOffset, wrappedKey.length).toString('latin1');
}

if (!isMainThread) await serveContender(makeContender);
else if (import.meta.main) process.exitCode = report(await benchEnvelope()) ? 0 : 1;
