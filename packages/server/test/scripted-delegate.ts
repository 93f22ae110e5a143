// A delegate for tests of the server: speaks the protocol over a real WebSocket with a real Ed25519 identity, answers tasks as the
// test scripts them, and remembers what it was sent. By default it encrypts and decrypts for real (fake-vault.ts), without sealing.
import { EventEmitter, once } from 'node:events';
import { generateKeyPairSync, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { WebSocket } from 'ws';
import type { SecretsManagerId, TaskId } from '@sallyport/core';
import { EnvelopeDecryptor, EnvelopeEncryptor } from '@sallyport/core/envelope';
import { encryptionContextOf } from '@sallyport/core';
import {
  challengeBytes,
  decodeStreamFrame,
  DELEGATE_CONNECT_PATH,
  DELEGATE_PROTOCOL_VERSION,
  encodeContent,
  encodeStreamFrame,
  ServerMessage,
} from '@sallyport/protocol';
import type {
  SealedScriptEvent,
  SecretsManagerAccess,
  StreamFrame,
  Task,
  TaskKind,
  TaskOf,
  TaskResult,
  TaskResultOf,
  WireError,
} from '@sallyport/protocol';
import { createSealingKey, rawPublicKeyOf } from '@sallyport/protocol/sealing';
import { signTask } from './audit-signer.ts';
import { dataKeyOf, decryptFor, encryptFor, knowsDataKey, newDataKey } from './fake-vault.ts';

type Access = ReturnType<(typeof SecretsManagerAccess)['parse']>;
/** What a script does with a task: a result, a failure, or nothing at all. */
export type Scripted<K extends TaskKind> = TaskResultOf<K> | { failure: WireError } | 'silence';
type Script = (task: Task) => Scripted<TaskKind> | Promise<Scripted<TaskKind>>;
export type Scripts = { [K in TaskKind]?: (task: TaskOf<K>) => Scripted<K> | Promise<Scripted<K>> };

export type DelegateOptions = {
  name?: string;
  hostName?: string;
  selectors?: string[];
  kinds?: ('aws-kms' | 'built-in')[];
  runsScripts?: boolean;
  privateKey?: KeyObject;
  protocolVersion?: number;
  /** Sealing key lifetime. */
  offerExpiresAtMs?: number;
};

export class ScriptedDelegate {
  readonly name: string;
  readonly privateKey: KeyObject;
  readonly scripts: Scripts = {};
  readonly tasks: Task[] = [];
  readonly messages: ServerMessage[] = [];
  readonly configured = new Map<SecretsManagerId, { revision: number; access: Access }>();
  delegateId: string | null = null;
  socket!: WebSocket;
  readonly #options: DelegateOptions;
  readonly #events = new EventEmitter().setMaxListeners(0);
  readonly #frames = new Map<TaskId, { queue: StreamFrame[]; credit: number }>();

  constructor(options: DelegateOptions = {}) {
    this.name = options.name ?? 'prod-1';
    this.privateKey = options.privateKey ?? generateKeyPairSync('ed25519').privateKey;
    this.#options = options;
  }

  /** Resolves to the error with which the server refused, or null when it welcomed. */
  async connect(address: string, token: string | null): Promise<WireError | null> {
    this.socket = new WebSocket(address.replace('http', 'ws') + DELEGATE_CONNECT_PATH, {
      perMessageDeflate: false,
    });
    this.socket.on('message', (data: Buffer, isBinary: boolean) => {
      if (isBinary) this.#takeFrame(data);
      else this.#take(ServerMessage.parse(JSON.parse(data.toString())));
    });
    this.socket.on('error', () => undefined);
    this.socket.on('close', () => this.#events.emit('closed'));
    const { challenge } = await this.next('hello');
    this.send(this.identify(challenge, token));
    const answer = await Promise.race([this.next('welcome'), this.next('refused')]);
    if (answer.type === 'refused') return answer.error;
    this.delegateId = answer.delegateId;
    return null;
  }

  identify(challenge: string, token: string | null): Record<string, unknown> {
    const identityKey = rawPublicKeyOf(this.privateKey);
    const signed = challengeBytes({ challenge: Buffer.from(challenge, 'base64url'), identityKey, token });
    return {
      type: 'identify',
      protocolVersion: this.#options.protocolVersion ?? DELEGATE_PROTOCOL_VERSION,
      identityKey: identityKey.toString('base64url'),
      name: this.name,
      hostName: this.#options.hostName ?? 'host.internal',
      version: '0.1.0',
      selectors: this.#options.selectors ?? [],
      kinds: this.#options.kinds ?? ['aws-kms', 'built-in'],
      runsScripts: this.#options.runsScripts ?? true,
      token,
      offer: this.makeOffer(),
      signature: sign(null, signed, this.privateKey).toString('base64url'),
    };
  }

  makeOffer(expiresAtMs = this.#options.offerExpiresAtMs ?? Date.now() + 3_600_000): unknown {
    return createSealingKey({ identityPrivateKey: this.privateKey, name: this.name, expiresAtMs }).offer;
  }

  send(message: unknown): void {
    this.socket.send(JSON.stringify(message));
  }

  /** The next message of this type; one that came before does not count. */
  async next<T extends ServerMessage['type']>(type: T): Promise<Extract<ServerMessage, { type: T }>> {
    const [message] = (await once(this.#events, type)) as [Extract<ServerMessage, { type: T }>];
    return message;
  }

  /** The next task of this kind. */
  async nextTask<K extends TaskKind>(kind: K): Promise<TaskOf<K>> {
    const [task] = (await once(this.#events, `task ${kind}`)) as [TaskOf<K>];
    return task;
  }

  get closed(): Promise<unknown> {
    return this.socket.readyState === WebSocket.CLOSED ? Promise.resolve() : once(this.#events, 'closed');
  }

  async disconnect(): Promise<void> {
    if (this.socket.readyState === WebSocket.CLOSED) return;
    const closed = this.closed;
    this.socket.terminate();
    await closed;
  }

  #take(message: ServerMessage): void {
    this.messages.push(message);
    if (message.type === 'configure') {
      const { secretsManagerId, revision, access } = message;
      this.configured.set(secretsManagerId, { revision, access });
    }
    if (message.type === 'forget') this.configured.delete(message.secretsManagerId);
    if (message.type === 'credit') {
      this.#stream(message.taskId).credit += message.chunks;
      this.#events.emit(`stream ${message.taskId}`);
    }
    if (message.type === 'task') {
      // Asked for by the server itself, at moments that no other test thinks of.
      if (message.task.kind !== 'sign-checkpoint') this.tasks.push(message.task);
      this.#events.emit(`task ${message.task.kind}`, message.task);
      void this.#work(message.task);
    }
    this.#events.emit(message.type, message);
  }

  async #work(task: Task): Promise<void> {
    const script = this.scripts[task.kind] as Script | undefined;
    try {
      const outcome = await (script === undefined ? this.#answer(task) : script(task));
      if (outcome === 'silence') return;
      if ('failure' in outcome) this.send({ type: 'failure', taskId: task.taskId, error: outcome.failure });
      else this.send({ type: 'result', taskId: task.taskId, result: outcome });
    } catch (thrown) {
      const error = { code: 'internal', message: String(thrown), retryable: false };
      if (this.socket.readyState === WebSocket.OPEN)
        this.send({ type: 'failure', taskId: task.taskId, error });
    }
  }

  async #answer(task: Task): Promise<TaskResult> {
    switch (task.kind) {
      case 'write':
        return this.write(task);
      case 'resolve':
        return this.resolve(task);
      case 'upload':
        return this.upload(task);
      case 'download':
        return this.download(task);
      case 'run-script':
        return this.runScript(task);
      case 'run-profile':
        return this.runProfile(task);
      case 'verify-aws-identity':
        throw new Error('who a workload is at AWS is for the test to say');
      case 'preflight':
        return { kind: 'preflight', report: passingReport(task.access) };
      case 'open-data-keys': {
        const opens = task.samples.map(({ encrypted }) =>
          encrypted.some(({ ciphertext }) => knowsDataKey(Buffer.from(ciphertext, 'base64'))),
        );
        return { kind: 'open-data-keys', opened: opens.filter(Boolean).length, firstFailure: null };
      }
      case 'sign-checkpoint':
        return signTask(this.privateKey, task);
      default:
        throw new Error('an unknown kind of task');
    }
  }

  write(task: TaskOf<'write'>): TaskResultOf<'write'> {
    const value = Buffer.from(task.sealed.box, 'base64url');
    const envelope = encryptFor(task.target, this.#access(task.target.secretsManagerId), value);
    const answer = box({ secretId: task.target.secretId, version: task.target.version });
    return { kind: 'write', envelope: envelope.toString('base64'), valueBytes: value.length, answer };
  }

  resolve(task: TaskOf<'resolve'>): TaskResultOf<'resolve'> {
    const values = task.items.map((item) => {
      const envelope = Buffer.from(item.envelope, 'base64');
      const value = decryptFor(item, this.#access(item.secretsManagerId), envelope);
      return { reference: item.reference, value: value.toString('base64url') };
    });
    return { kind: 'resolve', answer: box(values), failures: [] };
  }

  async upload(task: TaskOf<'upload'>): Promise<TaskResultOf<'upload'>> {
    const access = this.#access(task.target.secretsManagerId);
    const encryptionContext = encryptionContextOf(task.target, access.settings.context);
    const encryptor = new EnvelopeEncryptor({ ...newDataKey(access), encryptionContext });
    let valueBytes = 0;
    for await (const chunk of this.receiveChunks(task.taskId)) {
      valueBytes += chunk.length;
      const out = encryptor.update(chunk);
      if (out.length > 0) await this.sendChunk(task.taskId, out, false);
    }
    await this.sendChunk(task.taskId, encryptor.final(), true);
    return { kind: 'upload', valueBytes, answer: box({ version: task.target.version }) };
  }

  async download(task: TaskOf<'download'>): Promise<TaskResultOf<'download'>> {
    const { item } = task;
    const access = this.#access(item.secretsManagerId);
    const expectedContext = encryptionContextOf(item, access.settings.context);
    const decryptor = new EnvelopeDecryptor({
      expectedContext,
      unwrap: (header) => Promise.resolve(dataKeyOf(header.encryptedDataKeys)),
    });
    for await (const chunk of this.receiveChunks(task.taskId)) {
      const value = await decryptor.update(chunk);
      if (value.length > 0) await this.sendChunk(task.taskId, value, false);
    }
    await this.sendChunk(task.taskId, decryptor.final(), true);
    return { kind: 'download' };
  }

  /** Says that it is ready, waits to be told to start, says what it was given and ends. */
  async runScript(task: TaskOf<'run-script'>): Promise<TaskResultOf<'run-script'>> {
    await this.sendChunk(task.taskId, Buffer.from('ready'), false);
    for await (const _go of this.receiveChunks(task.taskId)) this.#events.emit('script started');
    await this.sendChunk(task.taskId, Buffer.from('output'), false);
    await this.sendChunk(task.taskId, Buffer.from('ended'), true);
    const end = { reason: 'exited', exitCode: 3, signal: null, elapsedMs: 5, outputBytes: 6 } as const;
    return { kind: 'run-script', end };
  }

  /** Says that it is ready, waits to be told to start, says what it was given and ends. */
  async runProfile(task: TaskOf<'run-profile'>): Promise<TaskResultOf<'run-profile'>> {
    const say = async (event: SealedScriptEvent, values: Uint8Array[], last: boolean): Promise<void> =>
      this.sendChunk(task.taskId, encodeContent(event, values), last);
    await say({ is: 'ready', secrets: [], unmasked: [] }, [], false);
    for await (const _go of this.receiveChunks(task.taskId)) this.#events.emit('profile started');
    const output = Buffer.from(`${task.script}\n`);
    await say({ is: 'output', stream: 'stdout' }, [output], false);
    const end = {
      reason: 'exited',
      exitCode: 0,
      signal: null,
      elapsedMs: 5,
      outputBytes: output.length,
    } as const;
    await say({ is: 'ended', end }, [], true);
    return { kind: 'run-profile', end };
  }

  /** Chunks of a streamed task as they come, each one granting another. */
  async *receiveChunks(taskId: TaskId): AsyncGenerator<Uint8Array> {
    const stream = this.#stream(taskId);
    for (;;) {
      const frame = stream.queue.shift();
      if (frame === undefined) {
        await once(this.#events, `stream ${taskId}`);
        continue;
      }
      yield frame.payload;
      if (frame.last) return;
      this.send({ type: 'credit', taskId, chunks: 1 });
    }
  }

  async sendChunk(taskId: TaskId, payload: Uint8Array, last: boolean): Promise<void> {
    const stream = this.#stream(taskId);
    while (stream.credit === 0) await once(this.#events, `stream ${taskId}`);
    stream.credit -= 1;
    this.socket.send(encodeStreamFrame({ taskId, last, payload }));
  }

  /** Chunks that have arrived for a task and were not taken. */
  waitingChunks(taskId: TaskId): number {
    return this.#stream(taskId).queue.length;
  }

  #takeFrame(data: Buffer): void {
    const frame = decodeStreamFrame(data);
    if (frame === null) throw new Error('malformed frame from the server');
    this.#stream(frame.taskId).queue.push(frame);
    this.#events.emit(`stream ${frame.taskId}`);
    this.#events.emit('frame', frame);
  }

  #stream(taskId: TaskId): { queue: StreamFrame[]; credit: number } {
    const stream = this.#frames.get(taskId) ?? { queue: [], credit: 4 };
    this.#frames.set(taskId, stream);
    return stream;
  }

  #access(id: SecretsManagerId): Access {
    const known = this.configured.get(id);
    if (known === undefined) throw new Error('task before configure');
    return known.access;
  }
}

/** Stands for sealing: the content in base64url. */
export function box(content: unknown): string {
  return Buffer.from(JSON.stringify(content)).toString('base64url');
}

export function passingReport(access: Access): TaskResultOf<'preflight'>['report'] {
  const { settings } = access;
  const pinnedKeyArn = settings.kind === 'aws-kms' ? settings.keyArn : null;
  const stage = {
    stage: 'permission' as const,
    action: 'kms:Decrypt',
    outcome: 'passed' as const,
    elapsedMs: 3,
  };
  return { ok: true, identityArn: null, pinnedKeyArn, stages: [stage], warnings: [] };
}
