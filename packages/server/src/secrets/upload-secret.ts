// Stores one file value as a stream: sealed chunks go to the delegate as they arrive, and the envelope's chunks go to the store as
// they come back. Nothing is visible before the version is committed; whatever fails leaves nothing behind.
import { AppError } from '@sallyport/core';
import type { TaskResultOf, WrittenSecret } from '@sallyport/protocol';
import type { StreamedTask } from '../fleet/open-task.ts';
import { auditScopeOf } from '../http/operation.ts';
import type { OperationRequest } from '../http/operation.ts';
import type { Services } from '../services.ts';
import { commitVersion } from './commit-version.ts';
import { EnvelopeSink } from './envelope-sink.ts';
import { askerOf } from './secret-asker.ts';
import type { SecretMutex } from './secret-mutex.ts';
import { viewSecret } from './secret-views.ts';
import type { WritePlan } from './write-plan.ts';
import { withWritePlan } from './write-plan.ts';

/** What sealing adds to one chunk: a flag byte and a tag of 16 bytes; and what the first chunk carries beside the value. */
const SEAL_CHUNK_BYTES = 17;
const SEAL_HEADER_BYTES = 16_384;

/** @throws see the route `uploadSecret` */
export async function uploadSecret(
  request: OperationRequest<'uploadSecret'>,
  services: Services,
  mutex: SecretMutex,
): Promise<WrittenSecret> {
  const asker = await askerOf(request, services);
  return withWritePlan(request.body, { kind: 'file', services, mutex, asker }, async (plan) => {
    const sink = new EnvelopeSink(plan, services);
    const task = startTask(request, plan, services);
    try {
      const result = await transfer(request.frames, task, { sink, services });
      if (result.valueBytes > services.config.fileMaxBytes) throw tooLarge(services.config.fileMaxBytes);
      const encrypted = { envelope: await sink.finish(), valueBytes: result.valueBytes };
      const scope = auditScopeOf(request, services.clock);
      const found = await commitVersion(plan, encrypted, { ...services, scope });
      const secret = viewSecret(found, asker);
      return { secret, answer: result.answer };
    } catch (thrown) {
      task.cancel(asAppError(thrown));
      await sink.abandon();
      throw thrown;
    }
  });
}

function startTask(
  request: OperationRequest<'uploadSecret'>,
  plan: WritePlan,
  services: Services,
): StreamedTask<'upload'> {
  const { body } = request;
  return services.dispatcher.stream<'upload'>(
    plan.delegate,
    {
      kind: 'upload',
      requestId: body.requestId,
      request: { secret: body.secret, secretsManager: body.secretsManager },
      target: plan.target,
      sealed: body.sealed,
    },
    { managers: [plan.manager] },
  );
}

async function transfer(
  frames: AsyncIterable<Uint8Array>,
  task: StreamedTask<'upload'>,
  to: { sink: EnvelopeSink; services: Services },
): Promise<TaskResultOf<'upload'>> {
  const sending = sendChunks(frames, task, to.services.config.fileMaxBytes);
  const storing = storeChunks(task, to.sink);
  // Either may fail first; the other then ends by the task being cancelled.
  const ended = Promise.all([sending, storing, task.result]);
  try {
    const [, , result] = await ended;
    return result;
  } catch (thrown) {
    task.cancel(asAppError(thrown));
    await Promise.allSettled([storing]);
    throw thrown;
  }
}

/** One HTTP frame is one sealed chunk is one stream frame. The last one is known only when the body has ended. */
async function sendChunks(
  frames: AsyncIterable<Uint8Array>,
  task: StreamedTask<'upload'>,
  fileMaxBytes: number,
): Promise<void> {
  const chunks = frames[Symbol.asyncIterator]();
  const failed = failureOf(task);
  failed.catch(() => undefined);
  let sentBytes = 0;
  let held: Uint8Array = new Uint8Array();
  let holds = false;
  for (;;) {
    const next = await task.lease.pausedFor(Promise.race([chunks.next(), failed]));
    if (next.done === true) break;
    sentBytes += Math.max(0, next.value.length - SEAL_CHUNK_BYTES);
    if (sentBytes > fileMaxBytes + SEAL_HEADER_BYTES) throw tooLarge(fileMaxBytes);
    if (holds) await task.stream.send(held, { last: false });
    held = next.value;
    holds = true;
  }
  await task.stream.send(held, { last: true });
}

/** Rejects when the task fails, so that a client that sends slowly learns of it now. */
async function failureOf(task: StreamedTask<'upload'>): Promise<never> {
  const { promise: never } = Promise.withResolvers<never>();
  await task.result;
  return never;
}

async function storeChunks(task: StreamedTask<'upload'>, sink: EnvelopeSink): Promise<void> {
  for await (const chunk of task.stream.receive()) await sink.append(chunk);
}

function tooLarge(maxBytes: number): AppError {
  return new AppError('value-too-large', {
    publicMessage: `A file secret has at most ${maxBytes} bytes on this server.`,
    data: { maxBytes },
  });
}

function asAppError(thrown: unknown): AppError {
  if (thrown instanceof AppError) return thrown;
  return new AppError('internal', { publicMessage: 'An internal error occurred.', cause: thrown });
}
