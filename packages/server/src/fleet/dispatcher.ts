// Runs tasks on delegates: makes the secrets managers known first, counts outcomes, and lets delegates that fail by their own fault
// rest. Which delegate gets a task is its caller's choice.
import type { DelegateId, TaskId } from '@sallyport/core';
import { AppError } from '@sallyport/core';
import type { Task, TaskKind, TaskOf, TaskResultOf } from '@sallyport/protocol';
import type { IdSource } from '../id-source.ts';
import type { TaskMetrics } from '../observability/metrics.ts';
import type { RootKey } from '../root-key/root-key.ts';
import { accessOf } from '../secrets-managers/secrets-manager-access.ts';
import type { SecretsManagerRow } from '../secrets-managers/secrets-manager-store.ts';
import type { DelegateConnection } from './delegate-connection.ts';
import { isOwnFault } from './delegate-rests.ts';
import type { DelegateRests } from './delegate-rests.ts';
import type { OnProgress, OpenTask, StreamedKind, StreamedTask } from './open-task.ts';

/** A task without what the dispatcher adds. */
export type TaskRequest<K extends TaskKind> = Omit<TaskOf<K>, 'taskId' | 'timeoutMs'>;

export type DispatchOptions = {
  /** Saved secrets managers that the task uses; the delegate is told of them before. */
  managers?: readonly SecretsManagerRow[];
  /** Instead of the usual time. */
  timeoutMs?: number;
  /** Aborts, with an `AppError`, when nobody waits for the result any more: the delegate is told to stop. */
  signal?: AbortSignal;
  /** Told how far a preflight is. */
  onProgress?: OnProgress;
  /** For streams, instead of the usual time: how long nothing may come. */
  leaseMs?: number;
};

/** A stream may go on this long, as long as it makes progress. */
const STREAM_MAX_MS = 3_600_000;
/** These are about what somebody typed or sent, or about the server: their failures say nothing about the delegate. */
const TRIALS: ReadonlySet<TaskKind> = new Set<TaskKind>([
  'preflight',
  'open-data-keys',
  'verify-aws-identity',
  'sign-checkpoint',
]);

export class Dispatcher {
  readonly #ids: IdSource;
  readonly #rootKey: RootKey;
  readonly #rests: DelegateRests;
  readonly #metrics: TaskMetrics;
  readonly #timeoutMs: number;

  constructor(
    services: { ids: IdSource; rootKey: RootKey; rests: DelegateRests; metrics: TaskMetrics },
    options: { timeoutMs: number },
  ) {
    this.#ids = services.ids;
    this.#rootKey = services.rootKey;
    this.#rests = services.rests;
    this.#metrics = services.metrics;
    this.#timeoutMs = options.timeoutMs;
  }

  /**
   * Runs one task and waits for its result.
   * @throws whatever the delegate reports; {delegate-lost} {task-timeout}; the reason of `options.signal` when it aborts
   */
  async run<K extends Exclude<TaskKind, StreamedKind>>(
    connection: DelegateConnection,
    request: TaskRequest<K>,
    options: DispatchOptions = {},
  ): Promise<TaskResultOf<K>> {
    const timeoutMs = options.timeoutMs ?? this.#timeoutMs;
    const { signal } = options;
    signal?.throwIfAborted();
    const open = this.#open(connection, request, { ...options, timeoutMs, leaseMs: timeoutMs });
    const abandon = (): void => connection.abandon(open.id, signal?.reason as AppError);
    signal?.addEventListener('abort', abandon, { once: true });
    try {
      // `complete` has compared the kinds.
      const result = (await open.result) as TaskResultOf<K>;
      this.#succeeded(connection.id, open.kind, commonFailure(request, result));
      return result;
    } catch (thrown) {
      // A task that nobody waits for is nobody's failure.
      signal?.throwIfAborted();
      this.#failed(connection.id, open.kind, thrown);
      throw thrown;
    } finally {
      signal?.removeEventListener('abort', abandon);
    }
  }

  /** Starts a task with streams; its user pumps them and awaits `result`. */
  stream<K extends StreamedKind>(
    connection: DelegateConnection,
    request: TaskRequest<K>,
    options: DispatchOptions = {},
  ): StreamedTask<K> {
    const open = this.#open(connection, request, {
      ...options,
      timeoutMs: options.timeoutMs ?? STREAM_MAX_MS,
      leaseMs: options.leaseMs ?? this.#timeoutMs,
    });
    const result = open.result as Promise<TaskResultOf<K>>;
    let cancelled = false;
    result.then(
      () => {
        this.#succeeded(connection.id, open.kind, null);
      },
      (thrown: unknown) => {
        // A task that the client gave up is nobody's failure.
        if (!cancelled) this.#failed(connection.id, open.kind, thrown);
      },
    );
    if (open.stream === null) throw new TypeError('a streamed task has a stream');
    return {
      stream: open.stream,
      lease: open.lease,
      result,
      cancel: (reason) => {
        cancelled = true;
        connection.abandon(open.id, reason);
      },
    };
  }

  #open(
    connection: DelegateConnection,
    request: TaskRequest<TaskKind>,
    options: DispatchOptions & { timeoutMs: number; leaseMs: number },
  ): OpenTask {
    for (const manager of options.managers ?? []) {
      connection.configure(manager.id, manager.revision, () => accessOf(manager, this.#rootKey));
    }
    const taskId: TaskId = this.#ids('task');
    const task = { ...request, taskId, timeoutMs: options.timeoutMs } as Task;
    const { leaseMs, onProgress = null } = options;
    return connection.open(task, { leaseMs, onProgress });
  }

  #succeeded(id: DelegateId, kind: TaskKind, failedAllWith: string | null): void {
    this.#metrics.countTask(kind, failedAllWith ?? 'ok');
    if (TRIALS.has(kind)) return;
    if (failedAllWith === null) this.#rests.recordSuccess(id);
    else this.#rests.recordFailure(id);
  }

  #failed(id: DelegateId, kind: TaskKind, thrown: unknown): void {
    const code = thrown instanceof AppError ? thrown.code : 'internal';
    this.#metrics.countTask(kind, code);
    const isSilence = code === 'delegate-lost' || code === 'task-timeout';
    if (isOwnFault(code) && (isSilence || !TRIALS.has(kind))) this.#rests.recordFailure(id);
  }
}

/** The code of the first failure when every item of a resolve failed by the delegate's own fault; else null. */
function commonFailure(
  request: TaskRequest<TaskKind>,
  result: TaskResultOf<Exclude<TaskKind, StreamedKind>>,
): string | null {
  if (result.kind !== 'resolve' || request.kind !== 'resolve') return null;
  const { items } = request as TaskRequest<'resolve'>;
  if (result.failures.length < items.length) return null;
  const faults = result.failures.filter(({ error }) => isOwnFault(error.code));
  return faults.length === result.failures.length ? (faults[0]?.error.code ?? null) : null;
}
