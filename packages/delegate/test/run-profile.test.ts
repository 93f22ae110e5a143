// What a delegate promises about start-up profiles, whatever the server asks: each revision begins once at most, with the secrets that its
// script refers to and no others.
import { expect, test } from 'vitest';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TaskOf } from '@sallyport/protocol';
import { decodeContent } from '@sallyport/protocol/sealing';
import type { DelegateFixture } from './delegate-fixture.ts';
import { itemOf, newId } from './delegate-fixture.ts';
import type { TaskEnd } from './scripted-server.ts';
import { startScriptDelegate } from './script-client.ts';

const VALUE = 'value-of-the-password';
const GET = '${secrets.getValue("db-password")}';
const profileId = newId('delegateProfile');

function profileTask(script: string, over: Partial<TaskOf<'run-profile'>> = {}): TaskOf<'run-profile'> {
  return {
    kind: 'run-profile',
    taskId: newId('task'),
    timeoutMs: 60_000,
    profile: { profileId, revision: 1, name: 'set-up' },
    script,
    maxSeconds: 30,
    items: [],
    ...over,
  };
}

/** Runs it to its end, as the server does. */
async function runProfile(
  it: DelegateFixture,
  task: TaskOf<'run-profile'>,
): Promise<{ output: string; result: TaskEnd }> {
  const { connection } = it;
  const { taskId } = task;
  connection.send({ type: 'task', task });
  await connection.nextChunk(taskId);
  connection.send({ type: 'credit', taskId, chunks: 1 });
  connection.sendChunk({ taskId, last: true, payload: Buffer.alloc(0) });
  let output = '';
  for (;;) {
    const frame = await connection.nextChunk(taskId);
    if (!frame.last) connection.send({ type: 'credit', taskId, chunks: 1 });
    output += Buffer.concat(decodeContent(frame.payload).values).toString();
    if (frame.last) return { output, result: await connection.end(taskId) };
  }
}

test('runs with its values, masked in what the server gets, and once at most', async () => {
  await using it = await startScriptDelegate({ allow: true });
  const items = [itemOf(await it.stored(VALUE), 'db-password')];
  const ran = await runProfile(it, profileTask(`echo "is ${GET}"; exit 4`, { items }));
  expect(ran).toMatchObject({ output: 'is [masked]\n', result: { result: { end: { exitCode: 4 } } } });
  const again = await it.connection.run(profileTask('echo again'));
  expect(again).toMatchObject({ error: { code: 'delegate-refused' } });
  const later = await runProfile(it, profileTask('echo', { profile: { profileId, revision: 2, name: 'x' } }));
  expect(later).toMatchObject({ result: { type: 'result' } });
  const earlier = await it.connection.run(profileTask('echo again'));
  expect(earlier).toMatchObject({ error: { code: 'delegate-refused' } });
});

test('that begins twice at the same time begins once', async () => {
  await using it = await startScriptDelegate({ allow: true });
  const tasks = [profileTask('echo one'), profileTask('echo two')];
  const ends = tasks.map(async (task) => {
    const { taskId } = task;
    it.connection.send({ type: 'task', task });
    await it.connection.nextChunk(taskId);
    it.connection.send({ type: 'credit', taskId, chunks: 4 });
    it.connection.sendChunk({ taskId, last: true, payload: Buffer.alloc(0) });
    return it.connection.end(taskId);
  });
  const kinds = (await Promise.all(ends)).map(({ type }) => type);
  expect(kinds.toSorted()).toEqual(['failure', 'result']);
});

// The attack: a server that has other secrets opened than the script of the profile refers to.
test('with other secrets than its script refers to is refused', async () => {
  await using it = await startScriptDelegate({ allow: true });
  const items = [itemOf(await it.stored(VALUE), 'db-password')];
  for (const task of [profileTask('echo none', { items }), profileTask(`echo ${GET}`)]) {
    expect(await it.connection.run(task)).toMatchObject({ error: { code: 'delegate-refused' } });
  }
  expect(it.log.some(({ msg }) => msg === 'script starts')).toBe(false);
});

test('is not run when the memory of what has begun is damaged, which is said', async () => {
  await using it = await startScriptDelegate({ allow: true });
  await runProfile(it, profileTask('true'));
  const path = join(it.folder, 'start-profiles.json');
  expect(JSON.parse(await readFile(path, 'utf8'))).toEqual({
    version: 1,
    begun: [{ profileId, revision: 1 }],
  });
  await writeFile(path, '{"version":1');
  const refused = await it.connection.run(
    profileTask('true', { profile: { profileId, revision: 2, name: 'x' } }),
  );
  expect(refused).toMatchObject({
    error: { code: 'config-invalid', message: expect.stringContaining('start-profiles.json') },
  });
});

test('is refused without the entry in the guard file', async () => {
  await using it = await startScriptDelegate(null);
  const refused = await it.connection.run(profileTask('true'));
  expect(refused).toMatchObject({ error: { code: 'delegate-refused', data: { guardEntry: 'scripts' } } });
});
