// Writing and reading small values: what is compared with the sealed request, and what is refused before any key is touched.
import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { parseEnvelopeHeader } from '@sallyport/core/envelope';
import { SealedReadAnswer, SealedWriteAnswer } from '@sallyport/protocol';
import type { ErrorCode } from '@sallyport/core';
import type { TaskOf, TaskPlace } from '@sallyport/protocol';
import { decodeContent } from '@sallyport/protocol/sealing';
import type { SealedExchange } from '@sallyport/protocol/sealing';
import { builtInAccess, DelegateFixture, itemOf, newId } from './delegate-fixture.ts';
import type { StoredVersion } from './delegate-fixture.ts';
import type { TaskEnd } from './scripted-server.ts';

type ReadAnswer = { entries: SealedReadAnswer['entries']; values: string[] };

/** The answer to a resolve, as the client reads it. */
function readAnswer(end: TaskEnd, exchange: SealedExchange): ReadAnswer {
  if (end.type !== 'result' || end.result.kind !== 'resolve') throw new Error(JSON.stringify(end));
  const { header, values } = decodeContent(exchange.openAnswer(end.result.answer));
  return { entries: SealedReadAnswer.parse(header).entries, values: values.map((value) => value.toString()) };
}

function codeOf(end: TaskEnd): ErrorCode | 'result' {
  return end.type === 'failure' ? end.error.code : 'result';
}

describe('write', () => {
  test('a written value reads back through the sealed answer, which names id, name, version and manager', async () => {
    await using it = await DelegateFixture.start();
    const target = it.target({ version: 7 });
    const { task, exchange } = it.write(Buffer.from('correct horse'), { target });
    const end = await it.connection.run(task);
    if (end.type !== 'result' || end.result.kind !== 'write') throw new Error(JSON.stringify(end));
    expect(end.result.valueBytes).toBe(13);
    const { header, values } = decodeContent(exchange.openAnswer(end.result.answer));
    expect(values).toEqual([]);
    const { place: _place, ...written } = target;
    expect(SealedWriteAnswer.parse(header)).toEqual({ ...written, valueBytes: 13 });

    const read = it.resolve([itemOf({ ...target, envelope: end.result.envelope })]);
    const answer = readAnswer(await it.connection.run(read.task), read.exchange);
    expect(answer.values).toEqual(['correct horse']);
    expect(answer.entries).toMatchObject([{ outcome: 'value', name: 'db-password', version: 7 }]);
  });

  test('an envelope is bound to manager, secret and version, and to the fixed pairs of the manager', async () => {
    await using it = await DelegateFixture.start({ access: builtInAccess({ context: { stage: 'prod' } }) });
    const stored = await it.stored('x', it.target({ version: 3 }));
    const header = parseEnvelopeHeader(Buffer.from(stored.envelope, 'base64'));
    expect({ ...header.encryptionContext }).toEqual({
      'sallyport:secrets-manager': it.secretsManagerId,
      'sallyport:secret': stored.secretId,
      'sallyport:version': '3',
      stage: 'prod',
    });
    expect(header.encryptedDataKeys.map((key) => key.providerId)).toEqual(['sallyport-built-in']);
  });

  test('each version has a data key of its own', async () => {
    await using it = await DelegateFixture.start();
    const first = await it.stored('same');
    const second = await it.stored('same', it.target({ secretId: first.secretId, version: 2 }));
    const wrapped = [first, second].map(
      ({ envelope }) => parseEnvelopeHeader(Buffer.from(envelope, 'base64')).encryptedDataKeys[0]?.ciphertext,
    );
    expect(wrapped[0]).not.toEqual(wrapped[1]);
  });

  test.each<[string, number, ErrorCode | 'result']>([
    ['an empty value is refused', 0, 'empty-value'],
    ['one byte is stored', 1, 'result'],
    ['1 MiB is stored', 1_048_576, 'result'],
    ['1 MiB and a byte is refused', 1_048_577, 'value-too-large'],
  ])('%s', async (_name, bytes, outcome) => {
    await using it = await DelegateFixture.start();
    const end = await it.connection.run(it.write(randomBytes(bytes)).task);
    expect(codeOf(end)).toBe(outcome);
  });

  // The attack: a server that wants a value stored elsewhere, or as something else, than the client said.
  test.each<[string, (task: TaskOf<'write'>) => TaskOf<'write'>, string]>([
    [
      'names another secret',
      (task) => ({ ...task, request: { ...task.request, secret: 'other' } }),
      'secret',
    ],
    [
      'names another secrets manager',
      (task) => ({ ...task, request: { ...task.request, secretsManager: 'other' } }),
      'secrets manager',
    ],
    [
      'aims at a secret of another name',
      (task) => ({ ...task, target: { ...task.target, name: 'other' } }),
      'secret',
    ],
    ['makes a file of it', (task) => ({ ...task, target: { ...task.target, kind: 'file' } }), 'kind'],
  ])('a task that %s than the client sealed is refused', async (_name, lie, differs) => {
    await using it = await DelegateFixture.start();
    const end = await it.connection.run(lie(it.write(Buffer.from('v')).task));
    expect(end).toMatchObject({
      type: 'failure',
      error: { code: 'sealed-message-rejected', data: { differs } },
    });
  });

  test('a write by id goes to that id and to that manager id only', async () => {
    await using it = await DelegateFixture.start();
    const target = it.target();
    const right = it.write(Buffer.from('v'), {
      target,
      sealed: { secret: target.secretId, secretsManager: it.secretsManagerId },
    });
    expect(codeOf(await it.connection.run(right.task))).toBe('result');
    const otherSecret = it.write(Buffer.from('v'), { target, sealed: { secret: newId('secret') } });
    expect(codeOf(await it.connection.run(otherSecret.task))).toBe('sealed-message-rejected');
    const otherManager = it.write(Buffer.from('v'), {
      target,
      sealed: { secretsManager: newId('secretsManager') },
    });
    expect(codeOf(await it.connection.run(otherManager.task))).toBe('sealed-message-rejected');
    const versioned = it.write(Buffer.from('v'), { target, sealed: { secret: `${target.secretId}@1` } });
    expect(codeOf(await it.connection.run(versioned.task))).toBe('sealed-message-rejected');
  });

  test('a sealed value of another length than its header, or none, or two, is refused', async () => {
    await using it = await DelegateFixture.start();
    const value = Buffer.from('v');
    for (const options of [{ sealed: { valueBytes: 2 } }, { values: [] }, { values: [value, value] }]) {
      expect(codeOf(await it.connection.run(it.write(value, options).task))).toBe('sealed-message-rejected');
    }
  });

  test('a replayed write is refused, and so is one moved to another request or operation', async () => {
    await using it = await DelegateFixture.start();
    const { task } = it.write(Buffer.from('v'));
    expect(codeOf(await it.connection.run(task))).toBe('result');
    const replay = { ...task, taskId: newId('task') };
    expect(codeOf(await it.connection.run(replay))).toBe('sealed-message-rejected');
    const moved = { ...it.write(Buffer.from('v')).task, requestId: newId('request') };
    expect(codeOf(await it.connection.run(moved))).toBe('sealed-message-rejected');
  });

  test('a session that the delegate does not know is told apart, so that the client opens a new one', async () => {
    await using it = await DelegateFixture.start();
    const { task } = it.write(Buffer.from('v'));
    const end = await it.connection.run({ ...task, sealed: { ...task.sealed, enc: null } });
    expect(end).toMatchObject({ type: 'failure', error: { code: 'session-unknown', retryable: true } });
  });

  test('a manager that was never configured is refused by name of the delegate', async () => {
    await using it = await DelegateFixture.start({ access: null });
    const end = await it.connection.run(it.write(Buffer.from('v')).task);
    expect(end).toMatchObject({
      type: 'failure',
      error: { code: 'delegate-not-eligible', retryable: true, data: { delegate: 'delegate-one' } },
    });
  });

  // The attack: fixed pairs that stand in for Sallyport's own would let the server choose what every envelope is bound to.
  test('settings whose fixed pairs replace the binding are refused', async () => {
    await using it = await DelegateFixture.start({
      access: builtInAccess({ context: { 'sallyport:secret': 'sec_any' } }),
    });
    const end = await it.connection.run(it.write(Buffer.from('v')).task);
    expect(codeOf(end)).toBe('invalid-encryption-context');
  });
});

describe('resolve', () => {
  test('one call answers many names in order, with failures beside them', async () => {
    await using it = await DelegateFixture.start();
    const one = await it.stored('first', it.target({ name: 'one' }));
    const two = await it.stored('second', it.target({ name: 'two' }));
    const broken = { ...two, name: 'broken', envelope: one.envelope };
    const read = it.resolve([itemOf(one), itemOf(broken), itemOf(two)], { unresolved: ['nowhere'] });
    const end = await it.connection.run(read.task);
    const answer = readAnswer(end, read.exchange);
    expect(answer.entries.map((entry) => [entry.outcome, entry.reference])).toEqual([
      ['value', 'one'],
      ['failed', 'broken'],
      ['value', 'two'],
    ]);
    expect(answer.values).toEqual(['first', 'second']);
    expect(end).toMatchObject({
      result: {
        failures: [
          { reference: 'broken', error: { code: 'envelope-rejected', data: { delegate: 'delegate-one' } } },
        ],
      },
    });
  });

  // The attack: a server or database that gives back another envelope than the one stored under this secret version.
  test.each<[string, (right: StoredVersion, other: StoredVersion) => StoredVersion]>([
    ['of another secret', (right, other) => ({ ...right, envelope: other.envelope })],
    ['under another version number', (right) => ({ ...right, version: 2 })],
    ['under another secret id', (right) => ({ ...right, secretId: newId('secret') })],
    ['with a bit flipped', (right) => ({ ...right, envelope: flipLastBit(right.envelope) })],
    ['cut short', (right) => ({ ...right, envelope: cut(right.envelope) })],
    ['that is no envelope', (right) => ({ ...right, envelope: 'AAAA' })],
  ])('an envelope %s does not open, and no value is returned', async (_name, lie) => {
    await using it = await DelegateFixture.start();
    const right = await it.stored('right');
    const other = await it.stored('other', it.target({ name: 'other' }));
    const read = it.resolve([itemOf(lie(right, other))]);
    const answer = readAnswer(await it.connection.run(read.task), read.exchange);
    expect(answer.values).toEqual([]);
    expect(answer.entries).toMatchObject([{ outcome: 'failed', error: { code: 'envelope-rejected' } }]);
  });

  test('an envelope moved to another secrets manager does not open', async () => {
    await using it = await DelegateFixture.start();
    const stored = await it.stored('v');
    const secretsManagerId = newId('secretsManager');
    it.connection.send({ type: 'configure', secretsManagerId, revision: 1, access: builtInAccess() });
    const read = it.resolve([itemOf({ ...stored, secretsManagerId })]);
    const answer = readAnswer(await it.connection.run(read.task), read.exchange);
    expect(answer.values).toEqual([]);
    expect(answer.entries).toMatchObject([{ outcome: 'failed', error: { code: 'envelope-rejected' } }]);
  });

  test('an envelope does not open once the fixed pairs of its manager are others', async () => {
    await using it = await DelegateFixture.start({ access: builtInAccess({ context: { stage: 'prod' } }) });
    const stored = await it.stored('v');
    const { secretsManagerId } = it;
    const access = builtInAccess({ context: { stage: 'test' } });
    it.connection.send({ type: 'configure', secretsManagerId, revision: 2, access });
    const read = it.resolve([itemOf(stored)]);
    const answer = readAnswer(await it.connection.run(read.task), read.exchange);
    expect(answer.entries).toMatchObject([{ outcome: 'failed', error: { code: 'envelope-rejected' } }]);
  });

  // The attack: a server that answers with something else than was asked for, properly decrypted.
  test.each<[string, string]>([
    ['another id', 'sec_00000000000000000000000000'],
    ['another name', 'another-name'],
    ['another version', 'db-password@2'],
    ['no reference at all', '@@@'],
  ])('a secret offered for %s than was sealed is refused item by item', async (_name, reference) => {
    await using it = await DelegateFixture.start();
    const stored = await it.stored('v');
    const read = it.resolve([itemOf(stored, reference)]);
    const answer = readAnswer(await it.connection.run(read.task), read.exchange);
    expect(answer.values).toEqual([]);
    expect(answer.entries).toMatchObject([{ outcome: 'failed', error: { code: 'sealed-message-rejected' } }]);
  });

  test('names match whatever their letter case, ids and versions exactly', async () => {
    await using it = await DelegateFixture.start();
    const stored = await it.stored('v');
    for (const reference of ['DB-Password', 'db-password@1', stored.secretId, `${stored.secretId}@1`]) {
      const read = it.resolve([itemOf(stored, reference)]);
      expect(readAnswer(await it.connection.run(read.task), read.exchange).values).toEqual(['v']);
    }
  });

  const PLACE: TaskPlace = {
    application: { id: newId('application'), name: 'Shop' },
    environment: { id: newId('environment'), name: 'prod', type: 'production' },
  };

  test('a place matches by names or ids of both its parts', async () => {
    await using it = await DelegateFixture.start();
    const stored = await it.stored('v');
    const { application, environment } = PLACE;
    for (const address of [
      'sally://shop/PROD/db-password',
      `sally://${application.id}/prod/db-password@1`,
      `sally://shop/${environment.id}/${stored.secretId}`,
    ]) {
      const read = it.resolve([{ ...itemOf(stored, address), place: PLACE }]);
      expect(readAnswer(await it.connection.run(read.task), read.exchange).values).toEqual(['v']);
    }
  });

  // The attack: a server that lets a value that was asked for in one environment pass for another's, or makes a place up.
  test.each<[string, string, TaskPlace | null]>([
    ['another environment', 'sally://shop/staging/db-password', PLACE],
    ['another application', 'sally://billing/prod/db-password', PLACE],
    ['no place', 'sally://shop/prod/db-password', null],
    ['a place that was not named', 'db-password', PLACE],
  ])('a secret answered for %s than was sealed is refused', async (_name, reference, place) => {
    await using it = await DelegateFixture.start();
    const stored = await it.stored('v');
    const read = it.resolve([{ ...itemOf(stored, reference), place }]);
    const answer = readAnswer(await it.connection.run(read.task), read.exchange);
    expect(answer.values).toEqual([]);
    expect(answer.entries).toMatchObject([
      { outcome: 'failed', error: { code: 'sealed-message-rejected', data: { differs: 'place' } } },
    ]);
    const sealed = { secret: reference };
    const write = it.write(Buffer.from('v'), { target: it.target({ place }), sealed });
    expect(codeOf(await it.connection.run(write.task))).toBe('sealed-message-rejected');
  });

  test.each<[string, { sealedItems: string[]; unresolved?: string[] }]>([
    ['one item more', { sealedItems: ['db-password', 'db-password'] }],
    ['another item', { sealedItems: ['other'] }],
    ['one item less', { sealedItems: ['db-password'], unresolved: ['db-password'] }],
  ])('a task is refused as a whole when the client sealed %s', async (_name, options) => {
    await using it = await DelegateFixture.start();
    const stored = await it.stored('v');
    const end = await it.connection.run(it.resolve([itemOf(stored)], options).task);
    expect(codeOf(end)).toBe('sealed-message-rejected');
  });

  test('an answer that would not fit into one box leaves out what is too much, and says so', async () => {
    await using it = await DelegateFixture.start();
    const value = randomBytes(1_048_576);
    const stored = await it.stored(value);
    const items = Array.from({ length: 16 }, () => itemOf(stored));
    const read = it.resolve(items);
    const answer = readAnswer(await it.connection.run(read.task), read.exchange);
    expect(answer.values).toHaveLength(15);
    expect(answer.entries.at(-1)).toMatchObject({ outcome: 'failed', error: { code: 'value-too-large' } });
  });

  test('no value, key or token appears in the log of a delegate that was asked for everything', async () => {
    await using it = await DelegateFixture.start();
    const canary = randomBytes(24).toString('hex');
    const stored = await it.stored(canary);
    const read = it.resolve([itemOf(stored), { ...itemOf(stored), version: 9 }]);
    await it.connection.run(read.task);
    await it.connection.run(it.write(Buffer.from(canary), { sealed: { kind: 'file' } }).task);
    expect(it.log.length).toBeGreaterThan(3);
    const text = JSON.stringify(it.log);
    expect(text).not.toContain(canary);
    expect(text).not.toContain(Buffer.from(canary).toString('base64').slice(0, 24));
    expect(text).not.toContain('dtk-test-token');
  });
});

function flipLastBit(base64: string): string {
  const bytes = Buffer.from(base64, 'base64');
  bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
  return bytes.toString('base64');
}

function cut(base64: string): string {
  return Buffer.from(base64, 'base64').subarray(0, -1).toString('base64');
}
