// Runs a script on a delegate: decides which secrets it may have, records that before it starts, and passes its sealed output on, no faster
// than the client takes it. When the client goes away, the script is ended.
import { AppError } from '@sallyport/core';
import { HEARTBEAT, SCRIPT_DEFAULT_SECONDS } from '@sallyport/protocol';
import { inClientTime } from '../fleet/client-time.ts';
import type { StreamedTask } from '../fleet/open-task.ts';
import { auditScopeOf } from '../http/operation.ts';
import type { FrameStream, OperationRequest } from '../http/operation.ts';
import { taskItem } from '../secrets/resolve-secrets.ts';
import { askerOf } from '../secrets/secret-asker.ts';
import type { Services } from '../services.ts';
import { recordEnd, recordNotStarted, recordStart } from './script-record.ts';
import type { RecordedScript } from './script-record.ts';
import { requireAll, scriptNeeds } from './script-secrets.ts';

/** Beyond the script's own time: for opening its secrets, and for ending what it left. */
const BEYOND_MS = 60_000;

/** Resolves when the delegate has opened the secrets and the record is durable. @throws see the route `runScript` */
export async function runScript(
  request: OperationRequest<'runScript'>,
  services: Services,
): Promise<FrameStream> {
  const { body, gone } = request;
  const { directory, fleet, dispatcher, clock, releases } = services;
  const scope = auditScopeOf(request, clock);
  const asker = await askerOf(request, services);
  const findings = await services.lookups.find({ references: body.items, asker });
  const items = await requireAll(findings, { scope, releases });
  const { managers, needs } = await scriptNeeds(items, body.script, directory);
  const delegate = fleet.delegates.require(body.delegateId, needs);
  const task = dispatcher.stream<'run-script'>(
    delegate,
    {
      kind: 'run-script',
      requestId: body.requestId,
      script: body.script,
      items: items.map(taskItem),
      sealed: body.sealed,
    },
    {
      managers,
      timeoutMs: (body.script.maxSeconds ?? SCRIPT_DEFAULT_SECONDS) * 1000 + BEYOND_MS,
      // Delegates give a sign of life more often than that, however silent the script is.
      leaseMs: HEARTBEAT.lostAfterSeconds * 1000,
    },
  );
  const leave = (): void => task.cancel(clientGone());
  gone.addEventListener('abort', leave, { once: true });
  if (gone.aborted) leave();
  const script: RecordedScript = { facts: body.script, items, context: { scope, releases, delegate } };
  return begin(task, script, () => clock.nowMs());
}

async function begin(
  task: StreamedTask<'run-script'>,
  script: RecordedScript,
  nowMs: () => number,
): Promise<FrameStream> {
  const chunks = task.stream.receive();
  try {
    const first = await chunks.next();
    if (first.done === true) throw endedEarly();
    await recordStart(script);
    await task.stream.send(new Uint8Array(), { last: true });
    return relay(first.value, chunks, { task, script, nowMs });
  } catch (thrown) {
    const error = asAppError(thrown);
    task.cancel(error);
    await recordNotStarted(script, error);
    throw thrown;
  }
}

async function* relay(
  first: Uint8Array,
  rest: AsyncGenerator<Uint8Array, void, undefined>,
  work: { task: StreamedTask<'run-script'>; script: RecordedScript; nowMs: () => number },
): FrameStream {
  const { task, script, nowMs } = work;
  let failure: AppError = clientGone();
  try {
    yield* inClientTime(first, task);
    for await (const chunk of rest) yield* inClientTime(chunk, task);
    await task.result;
  } catch (thrown) {
    failure = asAppError(thrown);
    throw thrown;
  } finally {
    // Without effect when it has ended by itself.
    task.cancel(failure);
    const outcome = await task.result.then(
      ({ end }) => end,
      (thrown: unknown) => ({ code: asAppError(thrown).code }),
    );
    await recordEnd(script, outcome, nowMs());
  }
}

function clientGone(): AppError {
  return new AppError('delegate-lost', { publicMessage: 'The client went away.' });
}

function endedEarly(): AppError {
  return new AppError('delegate-lost', { publicMessage: 'The delegate ended the task without an answer.' });
}

function asAppError(thrown: unknown): AppError {
  if (thrown instanceof AppError) return thrown;
  return new AppError('internal', { publicMessage: 'An internal error occurred.', cause: thrown });
}
