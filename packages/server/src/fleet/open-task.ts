// One task that a delegate is working on: its lease, its result to come and, for uploads and downloads, its streams.
import type { AppError, TaskId } from '@sallyport/core';
import type { Task, TaskKind, TaskResult, TaskResultOf } from '@sallyport/protocol';
import type { Lease } from './lease.ts';
import type { TaskStream } from './task-stream.ts';

/** Tasks with chunks beside the messages. */
export function isStreamed(kind: TaskKind): kind is 'upload' | 'download' {
  return kind === 'upload' || kind === 'download';
}

export class OpenTask {
  readonly id: TaskId;
  readonly kind: TaskKind;
  readonly lease: Lease;
  /** null unless the task is streamed. */
  readonly stream: TaskStream | null;
  /** Rejects with an `AppError` only. */
  readonly result: Promise<TaskResult>;
  readonly #resolve: (result: TaskResult) => void;
  readonly #reject: (error: AppError) => void;

  constructor(task: Task, parts: { lease: Lease; stream: TaskStream | null }) {
    const { promise, resolve, reject } = Promise.withResolvers<TaskResult>();
    this.id = task.taskId;
    this.kind = task.kind;
    this.lease = parts.lease;
    this.stream = parts.stream;
    this.result = promise;
    this.#resolve = resolve;
    this.#reject = reject;
    // Whoever pumps a stream learns of a failure from the stream first; the result must not count as unhandled meanwhile.
    promise.catch(() => undefined);
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
export type StreamedTask<K extends 'upload' | 'download'> = {
  stream: TaskStream;
  lease: Lease;
  result: Promise<TaskResultOf<K>>;
  /** Tells the delegate to stop; the result then never comes. Without effect once it has come. */
  cancel(reason: AppError): void;
};
