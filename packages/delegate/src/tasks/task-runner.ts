// The tasks under way: starts them, bounds them, and ends each one exactly once, with a result or a failure on the connection that
// it came from. A connection that is gone takes its tasks with it: the server has given them to somebody else by then.
import { AppError } from '@sallyport/core';
import type { DelegateMessage, StreamFrame, Task } from '@sallyport/protocol';
import type { DelegateConfig } from '../config/delegate-config.ts';
import type { Logger } from '../log/logger.ts';
import type { Time } from '../time/time.ts';
import { executeTask } from './execute-task.ts';
import type { TaskRun, TaskServices } from './task-services.ts';
import { TaskStream } from './task-stream.ts';

/** Bytes of the control messages of all tasks under way; envelopes to be opened make up most of them. */
const TASK_BYTES_IN_FLIGHT_MAX = 256 * 1_048_576;

/** Where the answers of a connection's tasks go. Sending after its end does nothing. */
export type TaskConnection = {
  send(message: DelegateMessage): void;
  sendFrame(frame: StreamFrame): void;
};

/** Tasks with chunks beside the messages. */
const STREAMED: ReadonlySet<Task['kind']> = new Set<Task['kind']>([
  'upload',
  'download',
  'run-script',
  'run-profile',
]);

type TaskEnd = Extract<DelegateMessage, { type: 'result' | 'failure' }>;

type Running = {
  readonly isStreamed: boolean;
  readonly connection: TaskConnection;
  readonly messageBytes: number;
  readonly abort: AbortController;
  readonly stream: TaskStream;
};

export type TaskRunnerOptions = {
  services: TaskServices;
  time: Time;
  logger: Logger;
  limits: Pick<DelegateConfig, 'maxTasksInFlight' | 'maxStreamsInFlight'>;
};

/** All tasks under way. */
export class TaskRunner {
  readonly #options: TaskRunnerOptions;
  readonly #running = new Map<string, Running>();
  #bytesInFlight = 0;
  #streamsInFlight = 0;
  #isDraining = false;
  #onIdle: (() => void)[] = [];

  constructor(options: TaskRunnerOptions) {
    this.#options = options;
  }

  /** Tasks under way now. */
  get inFlight(): number {
    return this.#running.size;
  }

  /** Starts a task, or refuses it with a failure. `messageBytes`: length of the message it came in. */
  accept(task: Task, origin: { connection: TaskConnection; messageBytes: number }): void {
    const { connection, messageBytes } = origin;
    if (this.#running.has(task.taskId)) {
      this.#options.logger.warn({ taskId: task.taskId }, 'task came twice; the second one is ignored');
      return;
    }
    const isStreamed = STREAMED.has(task.kind);
    const refusal = this.#refusalOf({ isStreamed, messageBytes });
    if (refusal !== null) {
      connection.send({
        type: 'failure',
        taskId: task.taskId,
        error: this.#options.services.toError(refusal),
      });
      return;
    }
    const abort = new AbortController();
    const { taskId } = task;
    const stream = new TaskStream(
      {
        sendChunk: (chunk) => connection.sendFrame({ taskId, ...chunk }),
        sendCredit: (chunks) => connection.send({ type: 'credit', taskId, chunks }),
      },
      abort.signal,
    );
    const running: Running = { isStreamed, connection, messageBytes, abort, stream };
    this.#running.set(taskId, running);
    this.#bytesInFlight += messageBytes;
    if (isStreamed) this.#streamsInFlight += 1;
    void this.#run(task, running);
  }

  /** Stops a task; it is answered with a failure. */
  cancel(taskId: string, connection: TaskConnection): void {
    this.#of(taskId, connection)?.abort.abort(timeoutError('The task was cancelled by the server.'));
  }

  /** A chunk for a task. Chunks for tasks that have ended are dropped: they may have been under way. */
  chunkArrived(frame: StreamFrame, connection: TaskConnection): void {
    const running = this.#of(frame.taskId, connection);
    try {
      running?.stream.arrived({ payload: frame.payload, last: frame.last });
    } catch (thrown) {
      running?.abort.abort(thrown);
    }
  }

  /** Credit for chunks of a task. */
  credited(credit: { taskId: string; chunks: number }, connection: TaskConnection): void {
    this.#of(credit.taskId, connection)?.stream.credited(credit.chunks);
  }

  /** Stops all tasks of a connection that is gone. Nothing of them is sent any more. */
  abandon(connection: TaskConnection): void {
    const lost = new AppError('delegate-lost', { publicMessage: 'The connection to the server was lost.' });
    for (const running of this.#running.values()) {
      if (running.connection === connection) running.abort.abort(lost);
    }
  }

  /**
   * Refuses new tasks from now on and waits for those under way. Those that take longer than `atMostMs` are handed back to the
   * server as `shutting-down`, so that another delegate can take them.
   */
  async drain(atMostMs: number): Promise<void> {
    this.#isDraining = true;
    if (this.#running.size === 0) return;
    const idle = new Promise<void>((resolve) => {
      this.#onIdle.push(resolve);
    });
    const cancelTimer = this.#options.time.after(atMostMs, () => {
      for (const running of this.#running.values()) running.abort.abort(shuttingDown());
    });
    await idle;
    cancelTimer();
  }

  #refusalOf(task: Pick<Running, 'isStreamed' | 'messageBytes'>): AppError | null {
    if (this.#isDraining) return shuttingDown();
    const { maxTasksInFlight, maxStreamsInFlight } = this.#options.limits;
    const { size } = this.#running;
    const isFull =
      size >= maxTasksInFlight ||
      (task.isStreamed && this.#streamsInFlight >= maxStreamsInFlight) ||
      (size > 0 && this.#bytesInFlight + task.messageBytes > TASK_BYTES_IN_FLIGHT_MAX);
    if (!isFull) return null;
    return new AppError('rate-limited', {
      publicMessage: `The delegate has ${size} tasks under way and takes no more of this kind for now.`,
    });
  }

  async #run(task: Task, running: Running): Promise<void> {
    const { services, time } = this.#options;
    const { connection, abort, stream } = running;
    const cancelTimer = time.after(task.timeoutMs, () =>
      abort.abort(timeoutError('The task took longer at the delegate than the server allows.')),
    );
    const startedAtMs = time.monotonicMs();
    const { signal } = abort;
    const progress: TaskRun['progress'] = (steps) => {
      if (!signal.aborted) connection.send({ type: 'progress', taskId: task.taskId, steps });
    };
    const outcome = await untilAborted(
      executeTask(task, { services, signal, stream, progress }),
      signal,
    ).then(
      (result) => ({ type: 'result' as const, taskId: task.taskId, result }),
      (thrown) => {
        // Aborted calls end in all sorts of errors; why they were aborted is what counts.
        const error = services.toError(signal.aborted ? signal.reason : thrown);
        // Ends what the failed task may still have under way, such as calls for other items.
        abort.abort(thrown);
        return { type: 'failure' as const, taskId: task.taskId, error };
      },
    );
    cancelTimer();
    this.#end(task, running);
    this.#log({ taskId: task.taskId, kind: task.kind, elapsedMs: time.monotonicMs() - startedAtMs }, outcome);
    connection.send(outcome);
    if (this.#running.size > 0) return;
    for (const resolve of this.#onIdle.splice(0)) resolve();
  }

  #log(facts: object, outcome: TaskEnd): void {
    const { logger } = this.#options;
    if (outcome.type === 'failure') {
      const { code, message } = outcome.error;
      logger.warn({ ...facts, code, reason: message }, 'task failed');
      return;
    }
    const failures = 'failures' in outcome.result ? outcome.result.failures : [];
    if (failures.length === 0) return logger.debug(facts, 'task done');
    const codes = [...new Set(failures.map(({ error }) => error.code))];
    logger.warn({ ...facts, failures: failures.length, codes }, 'items of a task failed');
  }

  #end(task: Task, running: Running): void {
    this.#running.delete(task.taskId);
    this.#bytesInFlight -= running.messageBytes;
    if (running.isStreamed) this.#streamsInFlight -= 1;
  }

  /** A task of this very connection: another connection cannot reach into it. */
  #of(taskId: string, connection: TaskConnection): Running | null {
    const running = this.#running.get(taskId);
    return running?.connection === connection ? running : null;
  }
}

/** Ends with the work, or with the abort if that comes first: work that ignores its signal does not hold up the answer. */
async function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = (): void => reject(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

function timeoutError(publicMessage: string): AppError {
  return new AppError('task-timeout', { publicMessage });
}

function shuttingDown(): AppError {
  return new AppError('shutting-down', { publicMessage: 'The delegate is stopping.' });
}
