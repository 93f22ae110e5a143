// Key providers of kind `aws-kms` as the delegate uses them: when they are made, kept, and closed.
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { SecretsManagerAccess } from '@sallyport/protocol';
import { DelegateFixture, makeFolder, newId } from './delegate-fixture.ts';
import { ManualTime } from './manual-time.ts';

const KEY = 'arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab';
const SECRET_ACCESS_KEY = 'canary-of-a-secret-access-key';

const ACCESS: SecretsManagerAccess = {
  settings: {
    kind: 'aws-kms',
    keyArn: KEY,
    pinnedKeyArn: KEY,
    formerKeyArns: [],
    region: 'eu-west-1',
    credentials: { type: 'access-keys', accessKeyId: 'AKIAIOSFODNN7EXAMPLE' },
    selectors: [],
    context: { stage: 'prod' },
    dataKeyCache: { maxAgeSeconds: 300, maxUses: 1000 },
  },
  secretAccessKey: SECRET_ACCESS_KEY,
};

type Answer = (target: string, response: ServerResponse, request: IncomingMessage) => void;

/** Something that is called like KMS and answers what a test says. Not a KMS: the lab is. */
class FakeEndpoint {
  readonly requests: string[] = [];
  readonly #server: Server;
  readonly #answer: Answer;

  constructor(answer: Answer = () => undefined) {
    this.#answer = answer;
    this.#server = createServer((request, response) => {
      const target = String(request.headers['x-amz-target'] ?? 'not KMS');
      this.requests.push(target);
      this.#answer(target, response, request);
    });
  }

  async listen(): Promise<string> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

function deny(response: ServerResponse): void {
  response.writeHead(400, { 'content-type': 'application/x-amz-json-1.1', 'x-amzn-requestid': 'request-1' });
  response.end(
    JSON.stringify({ __type: 'AccessDeniedException', message: 'no identity-based policy allows it' }),
  );
}

describe('an aws-kms manager', () => {
  test('calls the endpoint of the guard file, not the one of the environment, and reports what AWS said', async () => {
    await using inEnvironment = new FakeEndpoint((_target, response) => deny(response));
    await using inGuardFile = new FakeEndpoint((_target, response) => deny(response));
    await using folder = await makeFolder();
    const guardFile = join(folder.path, 'guard.json');
    const kmsEndpoint = await inGuardFile.listen();
    await writeFile(guardFile, JSON.stringify({ kmsEndpoint }), { mode: 0o600 });
    const endpoint = await inEnvironment.listen();
    await using it = await DelegateFixture.start({
      access: ACCESS,
      config: {
        guardFile,
        environment: { AWS_ENDPOINT_URL_KMS: endpoint, AWS_ENDPOINT_URL_STS: endpoint },
      },
    });
    const end = await it.connection.run(it.write(Buffer.from('v')).task);
    expect(end).toMatchObject({
      type: 'failure',
      error: {
        code: 'access-denied',
        retryable: false,
        data: {
          delegate: 'delegate-one',
          stage: 'permission',
          awsCode: 'AccessDeniedException',
          requestId: 'request-1',
        },
      },
    });
    expect(inGuardFile.requests).toEqual(['TrentService.GenerateDataKey']);
    expect(inEnvironment.requests).not.toContain('TrentService.GenerateDataKey');
    expect(JSON.stringify(end) + JSON.stringify(it.log)).not.toContain(SECRET_ACCESS_KEY);
  });

  test('whose endpoint hangs is given up when the task is out of time, and the request is really aborted', async () => {
    const received = Promise.withResolvers<IncomingMessage>();
    await using hanging = new FakeEndpoint((_target, _response, request) => received.resolve(request));
    const endpoint = await hanging.listen();
    const time = new ManualTime();
    await using it = await DelegateFixture.start({
      access: ACCESS,
      config: { environment: { AWS_ENDPOINT_URL_KMS: endpoint, AWS_ENDPOINT_URL_STS: endpoint } },
      dependencies: { time },
    });
    const { task } = it.write(Buffer.from('v'));
    it.connection.send({ type: 'task', task });
    const request = await received.promise;
    const closed = once(request.socket, 'close');
    time.advance(task.timeoutMs);
    expect(await it.connection.end(task.taskId)).toMatchObject({ error: { code: 'task-timeout' } });
    await closed;
  });

  test('fails its preflight in the report, stage by stage, when no KMS is there', async () => {
    const gone = new FakeEndpoint();
    const endpoint = await gone.listen();
    await gone[Symbol.asyncDispose]();
    await using it = await DelegateFixture.start({
      access: null,
      config: { environment: { AWS_ENDPOINT_URL_KMS: endpoint, AWS_ENDPOINT_URL_STS: endpoint } },
    });
    const end = await it.connection.run({
      kind: 'preflight',
      taskId: newId('task'),
      timeoutMs: 15_000,
      secretsManagerId: newId('secretsManager'),
      access: ACCESS,
    });
    expect(end).toMatchObject({
      type: 'result',
      result: {
        kind: 'preflight',
        report: {
          ok: false,
          pinnedKeyArn: null,
          stages: expect.arrayContaining([
            expect.objectContaining({
              outcome: 'failed',
              stage: 'reach',
              error: expect.objectContaining({ code: 'aws-unreachable' }),
            }),
          ]),
        },
      },
    });
  });

  test('with settings that are none is refused before anything is called', async () => {
    await using endpoint = new FakeEndpoint();
    const address = await endpoint.listen();
    const { settings } = ACCESS;
    if (settings.kind !== 'aws-kms') throw new Error('unreachable');
    await using it = await DelegateFixture.start({
      access: { ...ACCESS, settings: { ...settings, region: 'us-east-1' } },
      config: { environment: { AWS_ENDPOINT_URL_KMS: address } },
    });
    const end = await it.connection.run(it.write(Buffer.from('v')).task);
    expect(end).toMatchObject({ type: 'failure', error: { code: 'region-mismatch' } });
    expect(endpoint.requests).toEqual([]);
  });
});
