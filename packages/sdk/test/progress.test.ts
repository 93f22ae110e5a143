// Calls that tell of their progress: events as they come, the same answer at the end, and no answer that was not whole.
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { expect, test } from 'vitest';
import { createClient, traits } from './client-under-test.ts';
import { DelegateDouble, errorBody, ServerDouble, TOKEN } from './server-double.ts';
import type { Client } from '../src/index.ts';

const DELEGATE = 'dlg_01m8ar5018n3jr5r6cp00pqkc8';
const ASKED = { is: 'asked', delegates: [{ delegateId: DELEGATE, delegateName: 'prod-1' }] };
const SILENT = { is: 'silent', delegateId: DELEGATE, seconds: 5 };
const OUTCOME = { ok: true, delegates: [] };

type Call = { request: IncomingMessage; response: ServerResponse };

/** A server that answers as the test says. */
async function start(): Promise<{
  client: Client;
  called: Promise<Call>;
  [Symbol.asyncDispose](): Promise<void>;
}> {
  const server = await ServerDouble.start(new DelegateDouble('one'));
  const called = Promise.withResolvers<Call>();
  server.script = {
    raw: (request, response) => {
      called.resolve({ request, response });
      return true;
    },
  };
  const client = createClient({ address: server.address, token: TOKEN });
  return { client, called: called.promise, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}

function begin({ response }: Call): (line: unknown) => void {
  response.writeHead(200, { 'content-type': 'application/x-ndjson' });
  return (line) => response.write(`${JSON.stringify(line)}\n`);
}

/** Calls, and waits for each event. */
function watched(
  client: Client,
  signal?: AbortSignal,
): { next: () => Promise<unknown>; answer: Promise<unknown> } {
  const events: unknown[] = [];
  let wake = (): void => undefined;
  const answer = client.call('testSecretsManager', {
    params: { secretsManager: 'prod-kms' },
    onProgress: (event) => {
      events.push(event);
      wake();
    },
    ...(signal === undefined ? {} : { signal }),
  });
  answer.catch(() => undefined);
  const next = async (): Promise<unknown> => {
    while (events.length === 0) await new Promise<void>((resolve) => (wake = resolve));
    return events.shift();
  };
  return { next, answer };
}

test('each event is told as it comes, before there is an answer', async () => {
  await using on = await start();
  const { next, answer } = watched(on.client);
  const call = await on.called;
  expect(call.request.headers.accept).toContain('application/x-ndjson');
  const line = begin(call);
  line({ progress: ASKED });
  expect(await next()).toEqual(ASKED);
  // Cut anywhere, and with an empty line between.
  const text = JSON.stringify({ progress: SILENT });
  call.response.write(text.slice(0, 9));
  call.response.write(`${text.slice(9)}\n\n`);
  expect(await next()).toEqual(SILENT);
  line({ answer: OUTCOME });
  call.response.end();
  expect(await answer).toEqual(OUTCOME);
});

test('a server that has nothing to tell answers in one piece', async () => {
  await using on = await start();
  const { answer } = watched(on.client);
  const { response } = await on.called;
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end(JSON.stringify(OUTCOME));
  expect(await answer).toEqual(OUTCOME);
});

test('the error that a server ends with is thrown as if it had come in one piece', async () => {
  await using on = await start();
  const { answer } = watched(on.client);
  const call = await on.called;
  begin(call)(errorBody('no-delegate', 'None is connected.'));
  call.response.end();
  await expect(answer).rejects.toMatchObject({ code: 'no-delegate', data: { serverRequestId: 'req_test' } });
});

test('lines that break off before the answer are no answer', async () => {
  await using on = await start();
  const { next, answer } = watched(on.client);
  const call = await on.called;
  begin(call)({ progress: ASKED });
  await next();
  // As it would stand in the answer, but for the end of its line.
  call.response.end(JSON.stringify({ answer: OUTCOME }));
  await expect(answer).rejects.toMatchObject({ code: 'unreachable' });
});

test('a line that is not JSON is no answer of a Sallyport server', async () => {
  await using on = await start();
  const { answer } = watched(on.client);
  const call = await on.called;
  begin(call);
  call.response.end('<html>\n');
  await expect(answer).rejects.toMatchObject({ code: 'unreachable' });
});

test.runIf(traits.checksAnswers)(
  'an event of an unknown kind is left out, an answer of an unknown form is refused',
  async () => {
    await using on = await start();
    const { next, answer } = watched(on.client);
    const call = await on.called;
    const line = begin(call);
    line({ progress: { is: 'news' } });
    line({ progress: ASKED });
    expect(await next()).toEqual(ASKED);
    line({ answer: { fine: true } });
    call.response.end();
    await expect(answer).rejects.toMatchObject({ code: 'protocol-version-unsupported' });
  },
);

test('a call that the caller ends closes the connection, and rejects with the reason given', async () => {
  await using on = await start();
  const stop = new AbortController();
  const { next, answer } = watched(on.client, stop.signal);
  const call = await on.called;
  begin(call)({ progress: ASKED });
  await next();
  const closed = once(call.response, 'close');
  stop.abort(new Error('enough'));
  await expect(answer).rejects.toThrow('enough');
  await closed;
});
