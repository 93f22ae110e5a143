// One task that a delegate is working on: its lease, its result to come and, for uploads and downloads, its streams.
import type { AppError, TaskId } from '@sallyport/core';
import type { PreflightStep, Task, TaskKind, TaskResult, TaskResultOf } from '@sallyport/protocol';
import type { Lease } from './lease.ts';
import type { TaskStream } from './task-stream.ts';

/** Tasks with chunks beside the messages. */
export type StreamedKind = 'upload' | 'download' | 'run-script' | 'run-profile';

const STREAMED: ReadonlySet<TaskKind> = new Set<StreamedKind>([
  'upload',
  'download',
  'run-script',
  'run-profile',
]);

export function isStreamed(kind: TaskKind): kind is StreamedKind {
  return STREAMED.has(kind);
}

/** Takes what a delegate tells of a preflight that is under way. */
export type OnProgress = (steps: readonly PreflightStep[]) => void;

/** More than any preflight has to tell; above it the protocol is broken. */
const PROGRESS_MAX_STEPS = 512;

export class OpenTask {
  readonly id: TaskId;
  readonly kind: TaskKind;
  readonly lease: Lease;
  /** null unless the task is streamed. */
  readonly stream: TaskStream | null;
  /** Rejects with an `AppError` only. */
  readonly result: Promise<TaskResult>;
  /** Told of the progress of a preflight; null: nobody wants to know. */
  readonly #onProgress: OnProgress | null;
  #progressSteps = 0;
  readonly #resolve: (result: TaskResult) => void;
  readonly #reject: (error: AppError) => void;

  constructor(task: Task, parts: { lease: Lease; stream: TaskStream | null; onProgress: OnProgress | null }) {
    const { promise, resolve, reject } = Promise.withResolvers<TaskResult>();
    this.id = task.taskId;
    this.kind = task.kind;
    this.lease = parts.lease;
    this.stream = parts.stream;
    this.#onProgress = parts.onProgress;
    this.result = promise;
    this.#resolve = resolve;
    this.#reject = reject;
    // Whoever pumps a stream learns of a failure from the stream first; the result must not count as unhandled meanwhile.
    promise.catch(() => undefined);
  }

  /** False when this task has none to tell, or far too much. */
  progressed(steps: readonly PreflightStep[]): boolean {
    this.#progressSteps += steps.length;
    if (this.kind !== 'preflight' || this.#progressSteps > PROGRESS_MAX_STEPS) return false;
    this.#onProgress?.(steps);
    return true;
  }

  /** False when the result is not one of this task. */
  complete(result: TaskResult): boolean {
    if (result.kind !== this.kind || this.stream?.ended === false) return false;
    this.lease.end();
    this.stream?.close();
    this.#resolve(result);
    return true;
  }

  fail(error: AppError): void {
    this.lease.end();
    this.stream?.fail(error);
    this.#reject(error);
  }
}

/** A streamed task as its user sees it. */
export type StreamedTask<K extends StreamedKind> = {
  stream: TaskStream;
  lease: Lease;
  result: Promise<TaskResultOf<K>>;
  /** Tells the delegate to stop; the result then never comes. Without effect once it has come. */
  cancel(reason: AppError): void;
};
