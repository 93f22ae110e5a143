// The server in the middle lies: it offers keys of its own, forges and replays answers, hands the delegate another envelope. In each
// case the client must notice and give nothing out. Rule 3 of the design: a server that lies gains nothing it was not given.
import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { DelegateOffer, SealedReadEntry } from '@sallyport/protocol';
import { memoryKnownDelegates } from '../src/index.ts';
import type { AppError, Client, ClientOptions, KnownDelegate } from '../src/index.ts';
import { createClient } from './client-under-test.ts';
import { DelegateDouble, ServerDouble, TOKEN, wireError } from './server-double.ts';
import type { Script } from './server-double.ts';

function clientOf(server: ServerDouble, options: Partial<ClientOptions> = {}): Client {
  return createClient({ address: server.address, token: TOKEN, ...options });
}

function knownAt(server: ServerDouble, ...delegates: DelegateDouble[]): KnownDelegate[] {
  return delegates.map(({ name, fingerprint }) => ({ server: server.address, name, fingerprint }));
}

describe('the server offers a key of its own', () => {
  test("in the place of a known delegate's: refused, and nothing is sealed for it", async () => {
    const honest = new DelegateDouble('prod');
    const impostor = new DelegateDouble('prod');
    await using server = await ServerDouble.start(impostor);
    const knownDelegates = memoryKnownDelegates(knownAt(server, honest));
    const failure = clientOf(server, { knownDelegates }).set('a', 'value');
    await expect(failure).rejects.toMatchObject({
      code: 'delegate-key-changed',
      data: { knownFingerprints: [honest.fingerprint], offeredFingerprint: impostor.fingerprint },
    });
    expect(server.calls).toEqual(['offersToWrite']);
    expect(server.secrets.size).toBe(0);
  });

  test('under a name that differs only in letter case: refused as a changed key', async () => {
    await using server = await ServerDouble.start(new DelegateDouble('PROD '));
    const knownDelegates = memoryKnownDelegates(knownAt(server, new DelegateDouble('prod')));
    await expect(clientOf(server, { knownDelegates }).set('a', 'value')).rejects.toMatchObject({
      code: 'delegate-key-changed',
    });
  });

  test('after the delegate was met for the first time: what was remembered holds', async () => {
    const [honest, impostor] = [new DelegateDouble('prod'), new DelegateDouble('prod')];
    await using server = await ServerDouble.start(honest, impostor);
    const remembered: KnownDelegate[] = [];
    server.script = { offers: (offers) => offers.slice(0, 1) };
    const client = clientOf(server, { onDelegateRemembered: (delegate) => remembered.push(delegate) });
    await client.set('a', 'value');
    expect(remembered).toEqual(knownAt(server, honest));
    server.script = { offers: (offers) => offers.slice(1) };
    await expect(client.set('a', 'other')).rejects.toMatchObject({ code: 'delegate-key-changed' });
    expect(server.count('write')).toBe(1);
  });

  test('under the id of a delegate with which a session is open: the session is not used for it', async () => {
    const [honest, impostor] = [new DelegateDouble('prod'), new DelegateDouble('prod')];
    await using server = await ServerDouble.start(honest, impostor);
    server.script = { offers: (offers) => offers.slice(0, 1) };
    const client = clientOf(server);
    await client.set('a', 'value');
    server.script = { offers: () => [{ delegateId: honest.id, offer: impostor.offer.offer }] };
    await expect(client.set('a', 'other')).rejects.toMatchObject({ code: 'delegate-key-changed' });
  });

  test('beside a known delegate: the known one is used, and the refusal is reported', async () => {
    const [honest, impostor] = [new DelegateDouble('prod'), new DelegateDouble('prod')];
    await using server = await ServerDouble.start(impostor, honest);
    const refused: AppError[] = [];
    const knownDelegates = memoryKnownDelegates(knownAt(server, honest));
    const client = clientOf(server, { knownDelegates, onDelegateRefused: (error) => refused.push(error) });
    await client.set('a', 'value');
    expect(server.calls).toEqual(['offersToWrite', 'write prod']);
    expect(refused.map(({ code }) => code)).toEqual(['delegate-key-changed']);
  });

  test('under a new name, in strict mode: refused with the fingerprint to compare', async () => {
    const delegate = new DelegateDouble('new');
    await using server = await ServerDouble.start(delegate);
    const client = clientOf(server, { strict: true, knownDelegates: memoryKnownDelegates() });
    const failure = client.set('a', 'value');
    await expect(failure).rejects.toMatchObject({
      code: 'delegate-untrusted',
      data: { offeredFingerprint: delegate.fingerprint },
    });
    expect(server.secrets.size).toBe(0);
  });

  test('a delegate known at another server is not known at this one', async () => {
    const delegate = new DelegateDouble('prod');
    await using server = await ServerDouble.start(delegate);
    const elsewhere = { server: 'https://other.example', name: 'prod', fingerprint: delegate.fingerprint };
    const client = clientOf(server, { strict: true, knownDelegates: memoryKnownDelegates([elsewhere]) });
    await expect(client.set('a', 'value')).rejects.toMatchObject({ code: 'delegate-untrusted' });
  });

  test('signed by a known identity, but with one bit of the sealing key changed: refused', async () => {
    const delegate = new DelegateDouble('prod');
    await using server = await ServerDouble.start(delegate);
    const flip = ({ delegateId, offer }: DelegateOffer): DelegateOffer => {
      const key = Buffer.from(offer.sealingKey, 'base64url');
      key[7] = (key[7] ?? 0) ^ 1;
      return { delegateId, offer: { ...offer, sealingKey: key.toString('base64url') } };
    };
    server.script = { offers: (offers) => offers.map(flip) };
    const knownDelegates = memoryKnownDelegates(knownAt(server, delegate));
    await expect(clientOf(server, { knownDelegates }).set('a', 'value')).rejects.toMatchObject({
      code: 'delegate-untrusted',
    });
    expect(server.calls).toEqual(['offersToWrite']);
  });

  test('strict mode without known delegates is refused at once', () => {
    expect(() => createClient({ address: 'http://127.0.0.1:1', token: TOKEN, strict: true })).toThrow(
      /Strict mode/,
    );
  });
});

type Entries = { header: { entries: SealedReadEntry[] }; values: Uint8Array[] };
const changeEntry =
  (change: object): NonNullable<Script['readAnswer']> =>
  ({ header, values }: Entries) => ({
    header: { entries: header.entries.map((entry) => Object.assign(entry, change)) },
    values,
  });

describe('the answer to a read is not what was asked for', () => {
  const otherId = new DelegateDouble('x').id.replace('dlg_', 'sec_');
  const lies: [string, Script][] = [
    ["another secret's value, under its own name", { readAnswer: changeEntry({ name: 'other' }) }],
    ['an older version than the one asked for by number', { readAnswer: changeEntry({ version: 1 }) }],
    ['an answer about another reference', { readAnswer: changeEntry({ reference: 'other@2' }) }],
    ['nothing', { readAnswer: () => ({ header: { entries: [] }, values: [] }) }],
    ['an entry without its value', { readAnswer: ({ header }) => ({ header, values: [] }) }],
    [
      'one value too many',
      { readAnswer: ({ header, values }) => ({ header, values: [...values, Buffer.from('more')] }) },
    ],
    [
      'the same entry twice',
      {
        readAnswer: ({ header, values }) => ({
          header: { entries: [...header.entries, ...header.entries] },
          values: [...values, ...values],
        }),
      },
    ],
    [
      'an answer, and in clear that there is none',
      {
        unresolved: (references) =>
          references.map(() => ({ reference: 'other', error: wireError('not-found', 'No such secret.') })),
      },
    ],
    ['a forged box', { box: () => randomBytes(120).toString('base64url') }],
    [
      'a box with one bit changed',
      {
        box: (box) => {
          const bytes = Buffer.from(box, 'base64url');
          bytes[20] = (bytes[20] ?? 0) ^ 1;
          return bytes.toString('base64url');
        },
      },
    ],
  ];
  test.each(lies)('%s: noticed', async (_, script) => {
    await using server = await ServerDouble.start(new DelegateDouble('one'));
    server.store('db', ['old', 'new']);
    server.script = script;
    const outcome = await clientOf(server)
      .get('db@2')
      .catch((error: unknown) => error);
    expect(outcome).toMatchObject({ code: 'answer-mismatch' });
  });

  test("another secret's value, when asked for by id: noticed", async () => {
    await using server = await ServerDouble.start(new DelegateDouble('one'));
    const { id } = server.store('db', ['value']);
    server.script = { readAnswer: changeEntry({ secretId: otherId }) };
    await expect(clientOf(server).get(id)).rejects.toMatchObject({ code: 'answer-mismatch' });
  });

  test('the answer to an earlier request, replayed: noticed', async () => {
    await using server = await ServerDouble.start(new DelegateDouble('one'));
    server.store('db', ['value']);
    const client = clientOf(server);
    let recorded = '';
    server.script = { box: (box) => (recorded = box) };
    expect(await client.get('db')).toBe('value');
    server.script = { box: () => recorded };
    await expect(client.get('db')).rejects.toMatchObject({ code: 'answer-mismatch' });
  });

  test('in one of several references, only that one fails, and all or nothing gives nothing', async () => {
    await using server = await ServerDouble.start(new DelegateDouble('one'));
    server.store('a', ['1']);
    server.store('b', ['2']);
    server.script = {
      unresolved: () => [{ reference: 'b', error: wireError('not-found', 'No such secret.') }],
    };
    await expect(clientOf(server).resolve(['a', 'b'])).rejects.toMatchObject({
      code: 'not-found',
      data: { failures: [{ reference: 'b' }] },
    });
  });
});

describe('the answer to a write is not what was asked for', () => {
  const lies: [string, Record<string, unknown>][] = [
    ['another name', { name: 'other' }],
    ['another kind', { kind: 'file' }],
    ['another length', { valueBytes: 4 }],
    ['another version than the server says', { version: 7 }],
  ];
  test.each(lies)('%s: noticed', async (_, change) => {
    await using server = await ServerDouble.start(new DelegateDouble('one'));
    server.script = { writeAnswer: (header) => ({ ...header, ...change }) };
    await expect(clientOf(server).set('db', 'value')).rejects.toMatchObject({ code: 'answer-mismatch' });
  });
});

test('the answer to a write names another secrets manager than the one asked for by id: noticed', async () => {
  await using server = await ServerDouble.start(new DelegateDouble('one'));
  const secretsManager = new DelegateDouble('x').id.replace('dlg_', 'sm_');
  await expect(clientOf(server).set('db', 'value', { secretsManager })).rejects.toMatchObject({
    code: 'answer-mismatch',
  });
});

describe('a download is tampered with', () => {
  const tampering: [string, (frames: Uint8Array[]) => Uint8Array[], string][] = [
    ['cut off after whole chunks', (frames) => frames.slice(0, -1), 'delegate-lost'],
    [
      'chunks exchanged',
      ([a, b, c, ...rest]) => [a, c, b, ...rest].filter((one) => one !== undefined),
      'answer-mismatch',
    ],
    ['a chunk left out', (frames) => frames.filter((_, index) => index !== 2), 'answer-mismatch'],
    [
      'a chunk repeated',
      (frames) => frames.flatMap((frame, i) => (i === 1 ? [frame, frame] : [frame])),
      'answer-mismatch',
    ],
    ['something added', (frames) => [...frames, new Uint8Array(64)], 'answer-mismatch'],
    ['nothing sent', () => [], 'delegate-lost'],
  ];
  test.each(tampering)('%s: noticed before the end', async (_, frames, code) => {
    await using server = await ServerDouble.start(new DelegateDouble('one'));
    server.store('cert', [randomBytes(2_000_000)], 'file');
    server.script = { frames };
    const client = clientOf(server, { maxAttempts: 1 });
    await expect(client.getBytes('cert')).rejects.toMatchObject({ code });
  });

  test('the first chunk is about another version than the one asked for: noticed', async () => {
    await using server = await ServerDouble.start(new DelegateDouble('one'));
    server.store('cert', [randomBytes(2_000_000), randomBytes(2_000_000)], 'file');
    server.script = { readAnswer: changeEntry({ version: 1 }) };
    await expect(clientOf(server).download('cert@2')).rejects.toMatchObject({ code: 'answer-mismatch' });
  });
});

describe('the server lists secrets of another place', () => {
  test('than the one asked for: refused, and nothing is read', async () => {
    await using server = await ServerDouble.start(new DelegateDouble('prod'));
    server.store('a', ['value']);
    server.script = { isElsewhere: true };
    const place = { application: 'shop', environment: 'prod' };
    await expect(clientOf(server).usable({ place })).rejects.toMatchObject({ code: 'answer-mismatch' });
    expect(server.calls).toEqual(['offersToRead']);
  });
});
