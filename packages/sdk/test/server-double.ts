// A server and its delegates as one scripted double over real HTTP, with real sealing. It is honest unless a test makes it lie; what it
// receives is parsed by the API's own schemas.
import { generateKeyPairSync } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { makeId, nameKey, parseSecretReference, printSecretReference } from '@sallyport/core';
import type { DelegateId, ErrorCode, SecretId, SecretKind } from '@sallyport/core';
import {
  encodeHttpFrame,
  HTTP_FRAMES_TYPE,
  readHttpFrames,
  ROUTES,
  SealedReadContent,
  SealedWriteContent,
  UploadSecret,
} from '@sallyport/protocol';
import type { DelegateOffer, SealedReadEntry, SecretMetadata, WireError } from '@sallyport/protocol';
import {
  DelegateSessions,
  encodeContent,
  decodeContent,
  fingerprintOf,
  rawPublicKeyOf,
} from '@sallyport/protocol/sealing';
import type { AnswerSealer } from '@sallyport/protocol/sealing';

export const TOKEN = 'test-token';

export type StoredVersion = { version: number; value: Buffer };
export type StoredSecret = { id: SecretId; name: string; kind: SecretKind; versions: StoredVersion[] };
type Answer = { header: { entries: SealedReadEntry[] }; values: Uint8Array[] };

/** One delegate of the double. */
export class DelegateDouble {
  readonly id: DelegateId;
  readonly name: string;
  readonly identity: KeyObject;
  readonly fingerprint: string;
  sessions: DelegateSessions;

  constructor(name: string, identity: KeyObject = generateKeyPairSync('ed25519').privateKey) {
    this.id = makeId('delegate', randomSource());
    this.name = name;
    this.identity = identity;
    this.fingerprint = fingerprintOf(rawPublicKeyOf(identity));
    this.sessions = this.#newSessions();
  }

  get offer(): DelegateOffer {
    return { delegateId: this.id, offer: this.sessions.currentOffer() };
  }

  /** Forgets all sessions and sealing keys, as a restart does. */
  restart(): void {
    this.sessions = this.#newSessions();
  }

  #newSessions(): DelegateSessions {
    return new DelegateSessions({ identityPrivateKey: this.identity, name: this.name, clock: Date.now });
  }
}

/** What a test may make the double do. */
export type Script = {
  /** Replaces the delegates on offer. */
  offers?: (offers: DelegateOffer[]) => DelegateOffer[];
  /** An error to answer a sealed call with instead of doing it. */
  refuse?: (call: { operation: string; delegate: DelegateDouble; nth: number }) => WireError | null;
  /** Changes the inside of an answer to a read before the delegate seals it: a delegate that was given something else. */
  readAnswer?: (answer: Answer) => Answer;
  /** Changes the sealed answer on its way: a server that forges. */
  box?: (box: string, operation: string) => string;
  /** Changes the inside of an answer to a write. */
  writeAnswer?: (header: Record<string, unknown>) => Record<string, unknown>;
  /** Changes the frames of a download on their way. */
  frames?: (frames: Uint8Array[]) => Uint8Array[];
  /** Items that the server says it does not resolve, at the resolve call. */
  unresolved?: (references: string[]) => { reference: string; error: WireError }[];
  /** Lists another place than the one asked for. */
  isElsewhere?: boolean;
  /** Answers a request before anything else looks at it; true when it did. */
  raw?: (request: IncomingMessage, response: ServerResponse) => boolean;
};

export class ServerDouble {
  readonly delegates: DelegateDouble[];
  readonly secrets = new Map<string, StoredSecret>();
  script: Script = {};
  /** Operation and, where there is one, delegate of each call, in order. */
  readonly calls: string[] = [];
  readonly #server: Server;

  private constructor(delegates: DelegateDouble[]) {
    this.delegates = delegates;
    this.#server = createServer((request, response) => {
      this.#handle(request, response).catch((error: unknown) => {
        if (response.headersSent) response.destroy();
        else this.#json(response, 500, errorBody('internal', String(error)));
      });
    });
  }

  static async start(...delegates: DelegateDouble[]): Promise<ServerDouble> {
    const double = new ServerDouble(delegates);
    await new Promise<void>((resolve) => double.#server.listen(0, '127.0.0.1', resolve));
    return double;
  }

  get address(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** Stores values as versions 1, 2, … */
  store(name: string, values: (string | Buffer)[], kind: SecretKind = 'text'): StoredSecret {
    const versions = values.map((value, index) => ({ version: index + 1, value: Buffer.from(value) }));
    const secret = { id: makeId('secret', randomSource()), name, kind, versions };
    this.secrets.set(nameKey(name), secret);
    return secret;
  }

  count(call: string): number {
    return this.calls.filter((one) => one === call || one.startsWith(`${call} `)).length;
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (this.script.raw?.(request, response) === true) return;
    if (request.headers.authorization !== `Bearer ${TOKEN}`) {
      this.#json(response, 401, errorBody('unauthenticated', 'No valid API key.'));
      return;
    }
    const { pathname } = new URL(request.url ?? '/', 'http://double');
    if (pathname === ROUTES.uploadSecret.path) return this.#upload(request, response);
    const body: unknown = JSON.parse((await read(request)).toString() || 'null');
    if (pathname === ROUTES.offersToRead.path) return this.#offersToRead(body, response);
    if (pathname === ROUTES.offersToWrite.path) return this.#offersToWrite(body, response);
    if (pathname === ROUTES.resolveSecrets.path) return this.#resolve(body, response);
    if (pathname === ROUTES.writeSecret.path) return this.#write(body, response);
    if (pathname === ROUTES.downloadSecret.path) return this.#download(body, response);
    this.#json(response, 404, errorBody('not-found', 'There is no such operation.'));
  }

  #offers(): DelegateOffer[] {
    const honest = this.delegates.map((delegate) => delegate.offer);
    return this.script.offers?.(honest) ?? honest;
  }

  #offersToRead(body: unknown, response: ServerResponse): void {
    this.calls.push('offersToRead');
    const asked = ROUTES.offersToRead.body.parse(body);
    const items = asked.items ?? this.#namesAt(asked.place);
    const found = items.flatMap((reference) => {
      const hit = this.#find(reference);
      if (hit === null) return [];
      const { id: secretId, kind } = hit.secret;
      const { version, value } = hit.version;
      return [{ reference, secretId, version, kind, valueBytes: value.length }];
    });
    const delegates = this.#offers();
    if (delegates.length === 0)
      return this.#json(response, 503, errorBody('no-delegate', 'None is connected.'));
    const missing = items.filter((reference) => this.#find(reference) === null);
    this.#json(response, 200, {
      groups: found.length === 0 ? [] : [{ items: found, delegates }],
      unresolved: missing.map((reference) => ({
        reference,
        error: wireError('not-found', 'No such secret.'),
      })),
    });
  }

  /** All secrets of the double are usable at every place. */
  #namesAt(place: { application: string; environment: string } | undefined): string[] {
    if (place === undefined) return [];
    const there = this.script.isElsewhere === true ? { ...place, environment: 'elsewhere' } : place;
    return [...this.secrets.values()].map(({ name }) =>
      printSecretReference({ by: 'name', name, version: null, place: there }),
    );
  }

  #offersToWrite(body: unknown, response: ServerResponse): void {
    this.calls.push('offersToWrite');
    ROUTES.offersToWrite.body.parse(body);
    const delegates = this.#offers();
    if (delegates.length === 0)
      return this.#json(response, 503, errorBody('no-delegate', 'None is connected.'));
    this.#json(response, 200, { delegates });
  }

  /** The delegate of a sealed call, or `null` after an error was answered. */
  #taskFor(operation: string, delegateId: string, response: ServerResponse): DelegateDouble | null {
    const delegate = this.delegates.find((one) => one.id === delegateId);
    const call = `${operation} ${delegate?.name ?? 'unknown'}`;
    this.calls.push(call);
    if (delegate === undefined) {
      this.#json(response, 409, errorBody('delegate-not-eligible', 'Not connected.'));
      return null;
    }
    const refused = this.script.refuse?.({ operation, delegate, nth: this.count(operation) });
    if (!refused) return delegate;
    this.#json(response, 503, { error: refused, requestId: 'req_test' });
    return null;
  }

  #resolve(body: unknown, response: ServerResponse): void {
    const task = ROUTES.resolveSecrets.body.parse(body);
    const delegate = this.#taskFor('resolve', task.delegateId, response);
    if (delegate === null) return;
    const opened = this.#opening(response, () =>
      delegate.sessions.openRequest({ requestId: task.requestId, operation: 'resolve' }, task.sealed),
    );
    if (opened === null) return;
    const { items } = SealedReadContent.parse(decodeContent(opened.content).header);
    const unresolved = this.script.unresolved?.(items) ?? [];
    const left = items.filter((item) => !unresolved.some(({ reference }) => reference === item));
    const answer = this.#readAnswer(left);
    const box = opened.sealAnswer(encodeContent(answer.header, answer.values));
    this.#json(response, 200, { answer: this.script.box?.(box, 'resolve') ?? box, unresolved });
  }

  #readAnswer(references: string[]): Answer {
    const hits = references.map((reference) => ({ reference, hit: this.#find(reference) }));
    const entries = hits.map(({ reference, hit }): SealedReadEntry => {
      if (hit === null)
        return { outcome: 'failed', reference, error: wireError('not-found', 'No such secret.') };
      const { id: secretId, name, kind } = hit.secret;
      return { outcome: 'value', reference, secretId, name, version: hit.version.version, kind };
    });
    const values = hits.flatMap(({ hit }) => (hit === null ? [] : [hit.version.value]));
    const honest = { header: { entries }, values };
    return this.script.readAnswer?.(honest) ?? honest;
  }

  #write(body: unknown, response: ServerResponse): void {
    const task = ROUTES.writeSecret.body.parse(body);
    const delegate = this.#taskFor('write', task.delegateId, response);
    if (delegate === null) return;
    const opened = this.#opening(response, () =>
      delegate.sessions.openRequest({ requestId: task.requestId, operation: 'write' }, task.sealed),
    );
    if (opened === null) return;
    const { header, values } = decodeContent(opened.content);
    this.#commit(SealedWriteContent.parse(header), {
      value: Buffer.concat(values),
      expected: task.expectedVersion,
      opened,
      response,
    });
  }

  async #upload(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const frames = readHttpFrames(request);
    const head = (await frames.next()).value as Uint8Array;
    const task = UploadSecret.parse(JSON.parse(Buffer.from(head).toString()));
    const delegate = this.#taskFor('upload', task.delegateId, response);
    if (delegate === null) return;
    const stream = delegate.sessions.openStream(
      { requestId: task.requestId, operation: 'upload' },
      task.sealed,
    );
    const chunks: Buffer[] = [];
    for await (const frame of frames) chunks.push(stream.openChunk(frame).content);
    const [first = Buffer.alloc(0), ...rest] = chunks;
    const content = SealedWriteContent.parse(decodeContent(first).header);
    this.#commit(content, {
      value: Buffer.concat(rest),
      expected: task.expectedVersion,
      opened: stream,
      response,
    });
  }

  #commit(
    content: SealedWriteContent,
    given: { value: Buffer; expected: number | null; opened: AnswerSealer; response: ServerResponse },
  ): void {
    const { value, expected, opened, response } = given;
    const known = this.#find(content.secret)?.secret ?? this.store(content.secret, [], content.kind);
    const newest = known.versions.length;
    if (expected !== null && expected !== newest) {
      return this.#json(response, 409, errorBody('edit-conflict', 'Changed by somebody else.'));
    }
    const version = newest + 1;
    known.versions.push({ version, value: Buffer.from(value) });
    const { id: secretId, name, kind } = known;
    const secretsManagerId = makeId('secretsManager', { nowMs: 0, random: new Uint8Array(16) });
    const honest = { secretId, name, kind, version, secretsManagerId, valueBytes: value.length };
    const header = this.script.writeAnswer?.(honest) ?? honest;
    const box = opened.sealAnswer(encodeContent(header, []));
    const secret: SecretMetadata = {
      id: secretId,
      name,
      kind,
      secretsManagerId,
      secretsManagerName: 'test',
      scope: { type: 'inherit' },
      availability: { mode: 'fresh' },
      version,
      valueBytes: value.length,
      createdAtMs: 1,
      updatedAtMs: 1,
    };
    this.#json(response, 200, { secret, answer: this.script.box?.(box, 'write') ?? box });
  }

  #download(body: unknown, response: ServerResponse): void {
    const task = ROUTES.downloadSecret.body.parse(body);
    const delegate = this.#taskFor('download', task.delegateId, response);
    if (delegate === null) return;
    const opened = this.#opening(response, () =>
      delegate.sessions.openRequest({ requestId: task.requestId, operation: 'download' }, task.sealed),
    );
    if (opened === null) return;
    const { items } = SealedReadContent.parse(decodeContent(opened.content).header);
    const { header, values } = this.#readAnswer(items);
    const value = Buffer.concat(values);
    const frames = [opened.sealAnswerChunk(encodeContent(header, []), { final: false })];
    for (let from = 0; from < value.length; from += 65_536) {
      const final = from + 65_536 >= value.length;
      frames.push(opened.sealAnswerChunk(value.subarray(from, from + 65_536), { final }));
    }
    response.writeHead(200, { 'content-type': HTTP_FRAMES_TYPE });
    for (const frame of this.script.frames?.(frames) ?? frames) response.write(encodeHttpFrame(frame));
    response.end();
  }

  #opening<T>(response: ServerResponse, open: () => T): T | null {
    try {
      return open();
    } catch (error) {
      const { code = 'internal', message } = error as { code?: ErrorCode; message: string };
      this.#json(response, 409, errorBody(code, message));
      return null;
    }
  }

  #find(text: string): { secret: StoredSecret; version: StoredVersion } | null {
    const reference = parseSecretReference(text);
    const secret =
      reference.by === 'name'
        ? this.secrets.get(nameKey(reference.name))
        : [...this.secrets.values()].find(({ id }) => id === reference.id);
    const version =
      reference.version === null ? secret?.versions.at(-1) : secret?.versions[reference.version - 1];
    return secret === undefined || version === undefined ? null : { secret, version };
  }

  #json(response: ServerResponse, status: number, body: unknown): void {
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify(body));
  }
}

export function wireError(code: ErrorCode, message: string): WireError {
  return { code, message, retryable: false };
}

export function errorBody(code: ErrorCode, message: string): { error: WireError; requestId: string } {
  return { error: wireError(code, message), requestId: 'req_test' };
}

function randomSource(): { nowMs: number; random: Uint8Array } {
  return { nowMs: Date.now(), random: globalThis.crypto.getRandomValues(new Uint8Array(16)) };
}

async function read(stream: AsyncIterable<Buffer>): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of stream) parts.push(part);
  return Buffer.concat(parts);
}
