// Starts a server for one test file: real SQLite in a folder of its own, real sockets, and a client that knows the API's forms.
import { mkdtemp, rm } from 'node:fs/promises';
import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { expect } from 'vitest';
import { makeId } from '@sallyport/core';
import type { ErrorCode, RequestId } from '@sallyport/core';
import { encodeHttpFrame, ErrorBody, HTTP_FRAMES_TYPE, readHttpFrames } from '@sallyport/protocol';
import { parseServerConfig, startServer } from '../src/index.ts';
import type { RunningServer, ServerConfigInput, ServerDependencies } from '../src/index.ts';
import { ScriptedDelegate } from './scripted-delegate.ts';
import type { DelegateOptions } from './scripted-delegate.ts';

/** JSON that tests read into deeply; what it has to be, they assert. */
// oxlint-disable-next-line typescript/no-explicit-any -- a type for every answer would repeat the schemas that are under test
export type Loose = any;
export type Answer = { status: number; body: Loose; headers: Headers };

export type TestServer = {
  server: RunningServer;
  key: string;
  folder: string;
  call(method: string, path: string, body?: unknown, key?: string): Promise<Answer>;
  /** Connects a delegate; fails when it is refused. */
  delegate(options?: DelegateOptions): Promise<ScriptedDelegate>;
  token: string;
  end(): Promise<void>;
};

export async function startTestServer(
  options: { config?: Partial<ServerConfigInput>; dependencies?: ServerDependencies } = {},
): Promise<TestServer> {
  const folder = await mkdtemp(join(tmpdir(), 'sallyport-server-'));
  const config = parseServerConfig({
    port: 0,
    dataFolder: join(folder, 'data'),
    rootKey: { base64: randomBytes(32).toString('base64') },
    shutdownGraceSeconds: 2,
    // A delegate that is asked for something is not silent: tests of checkpoints say when.
    auditCheckpointSeconds: 86_400,
    ...options.config,
  });
  const server = await startServer(config, { logger: pino({ level: 'silent' }), ...options.dependencies });
  const key = await server.createAdminKey('admin');
  const token = await server.createDelegateToken('first');
  const delegates: ScriptedDelegate[] = [];
  return {
    server,
    key,
    folder,
    token,
    call: async (method, path, body, bearer = key) => call(server.address, { method, path, body, bearer }),
    delegate: async (delegateOptions = {}) => {
      const delegate = new ScriptedDelegate(delegateOptions);
      delegates.push(delegate);
      const refused = await delegate.connect(server.address, token);
      expect(refused).toBeNull();
      return delegate;
    },
    end: async () => {
      for (const delegate of delegates) await delegate.disconnect();
      await server.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function call(
  address: string,
  request: { method: string; path: string; body: unknown; bearer: string },
): Promise<Answer> {
  const { method, path, body, bearer } = request;
  const response = await fetch(address + path, {
    method,
    headers: {
      authorization: `Bearer ${bearer}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  const answer = {
    status: response.status,
    body: text === '' ? null : JSON.parse(text),
    headers: response.headers,
  };
  if (response.status >= 400) ErrorBody.parse(answer.body);
  return answer;
}

/** Asserts an error answer and returns the error. */
export function expectError(answer: Answer, code: ErrorCode): Loose {
  expect(answer.body).toMatchObject({ error: { code } });
  return answer.body.error;
}

export function newRequestId(): RequestId {
  return makeId('request', { nowMs: Date.now(), random: randomBytes(10) });
}

/** A sealed request whose box is the value itself (see fake-vault.ts). */
export function fakeSealed(value: string | Uint8Array): Record<string, unknown> {
  return { ...fakeHeader(), box: Buffer.from(value as string).toString('base64url') };
}

export function fakeHeader(): Record<string, unknown> {
  return { session: randomBytes(16).toString('base64url'), enc: null, counter: 0 };
}

export async function write(
  on: TestServer,
  delegate: ScriptedDelegate,
  fields: { secret: string; value: string; secretsManager?: string | null; expectedVersion?: number | null },
): Promise<Answer> {
  const { secret, value, secretsManager = null, expectedVersion = null } = fields;
  return on.call('POST', '/v1/secrets/write', {
    requestId: newRequestId(),
    delegateId: delegate.delegateId,
    secret,
    secretsManager,
    expectedVersion,
    sealed: fakeSealed(value),
  });
}

export async function resolve(on: TestServer, delegate: ScriptedDelegate, items: string[]): Promise<Answer> {
  return on.call('POST', '/v1/secrets/resolve', {
    requestId: newRequestId(),
    delegateId: delegate.delegateId,
    items,
    sealed: fakeSealed('question'),
  });
}

/** The values in an answer to `resolve`, by reference. */
export function valuesIn(answer: Answer): Record<string, string> {
  const entries = JSON.parse(Buffer.from(answer.body.answer, 'base64url').toString()) as {
    reference: string;
    value: string;
  }[];
  return Object.fromEntries(
    entries.map(({ reference, value }) => [reference, Buffer.from(value, 'base64url').toString()]),
  );
}

/** Creates a built-in secrets manager; the first one becomes the default. */
export async function addManager(on: TestServer, name = 'keys', settings: object = {}): Promise<Loose> {
  const answer = await on.call('POST', '/v1/secrets-managers', {
    name,
    settings: { kind: 'built-in', ...settings },
  });
  expect(answer.status).toBe(201);
  return answer.body.secretsManager;
}

export const KEY_ARN = 'arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab';
export const OTHER_KEY_ARN = 'arn:aws:kms:eu-west-1:111122223333:key/99999999-12ab-34cd-56ef-1234567890ab';

/** Settings with a role, as the API takes them. */
export function kmsSettings(over: object = {}): Record<string, unknown> {
  return {
    kind: 'aws-kms',
    keyArn: KEY_ARN,
    credentials: { type: 'iam-role' },
    selectors: ['prod-vpc'],
    ...over,
  };
}

export async function upload(
  on: TestServer,
  delegate: ScriptedDelegate,
  request: { secret: string; chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>; signal?: AbortSignal },
): Promise<Answer> {
  const clear = {
    requestId: newRequestId(),
    delegateId: delegate.delegateId,
    secret: request.secret,
    secretsManager: null,
    expectedVersion: null,
    sealed: fakeHeader(),
  };
  const { chunks } = request;
  async function* frames(): AsyncGenerator<Uint8Array> {
    yield encodeHttpFrame(Buffer.from(JSON.stringify(clear)));
    for await (const chunk of chunks) yield encodeHttpFrame(chunk);
  }
  const response = await fetch(`${on.server.address}/v1/secrets/upload`, {
    method: 'POST',
    headers: { authorization: `Bearer ${on.key}`, 'content-type': HTTP_FRAMES_TYPE },
    body: ReadableStream.from(frames()) as Loose,
    duplex: 'half',
    ...(request.signal === undefined ? {} : { signal: request.signal }),
  });
  return { status: response.status, body: await response.json(), headers: response.headers };
}

export async function download(on: TestServer, delegate: ScriptedDelegate, item: string): Promise<Response> {
  return fetch(`${on.server.address}/v1/secrets/download`, {
    method: 'POST',
    headers: { authorization: `Bearer ${on.key}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      requestId: newRequestId(),
      delegateId: delegate.delegateId,
      item,
      sealed: fakeSealed('question'),
    }),
  });
}

export function framesOf(response: Response): AsyncGenerator<Uint8Array> {
  return readHttpFrames(response.body as unknown as AsyncIterable<Uint8Array>);
}

/** Resolves when `condition` holds; polls the event loop, not the clock. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setImmediate(resolve));
}
