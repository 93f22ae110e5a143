// Answers that tell of their progress while the operation is under way, to clients that ask for it (protocol: api/progress.ts). Until there
// is progress to tell, the operation can still fail with a status of its own.
import { AppError } from '@sallyport/core';
import { toWireError, PROGRESS_TYPE } from '@sallyport/protocol';
import type { ErrorBody, Route } from '@sallyport/protocol';
import { headersOf } from './answer.ts';
import type { AnswerTo } from './answer.ts';
import { parseOutput } from './validate.ts';

/** What an operation with progress is given beside its request. */
export type Watched = {
  /** Tells whoever watches; does nothing when nobody does. The event is of the route's schema. */
  progress: (event: unknown) => void;
  /** Aborts when the client goes away before it has its answer. */
  signal: AbortSignal;
};

/** Why work ends that nobody waits for any more. Nobody reads it. */
export function clientGone(): AppError {
  return new AppError('delegate-lost', { publicMessage: 'The client went away.' });
}

export class LiveAnswer {
  readonly #to: AnswerTo;
  readonly #schema: NonNullable<Route['progress']>;
  readonly #operation: string;
  readonly #isAskedFor: boolean;
  readonly #gone = new AbortController();
  readonly #onClose = (): void => this.#gone.abort(clientGone());

  constructor(to: AnswerTo, route: { progress: NonNullable<Route['progress']>; operation: string }) {
    this.#to = to;
    this.#schema = route.progress;
    this.#operation = route.operation;
    this.#isAskedFor = (to.request.headers.accept ?? '').includes(PROGRESS_TYPE);
    to.response.once('close', this.#onClose);
  }

  /** Whether lines have been sent: the status is then no longer to be chosen. */
  get hasBegun(): boolean {
    return this.#to.response.headersSent;
  }

  watched(): Watched {
    return { progress: (event) => this.#tell(event), signal: this.#gone.signal };
  }

  /** Ends with the answer, which has been checked. */
  finish(answer: unknown): void {
    this.#end({ answer });
  }

  /** Ends with the error; what is not for the client is not in it. */
  fail(thrown: unknown): void {
    const body: ErrorBody = { error: toWireError(thrown), requestId: this.#to.requestId };
    this.#end(body);
  }

  /** The operation has ended, one way or the other: that the connection closes is no news any more. */
  release(): void {
    this.#to.response.off('close', this.#onClose);
  }

  #tell(event: unknown): void {
    const { response } = this.#to;
    if (!this.#isAskedFor || this.#gone.signal.aborted || response.writableEnded) return;
    const line = `${JSON.stringify({ progress: parseOutput(this.#schema, event, this.#operation) })}\n`;
    if (!response.headersSent) {
      response.writeHead(200, [
        ...headersOf(this.#to),
        'content-type',
        PROGRESS_TYPE,
        // Proxies that gather answers before they pass them on would keep all of it until the end.
        'x-accel-buffering',
        'no',
      ]);
    }
    response.write(line);
  }

  #end(last: unknown): void {
    this.#to.response.end(`${JSON.stringify(last)}\n`);
  }
}
