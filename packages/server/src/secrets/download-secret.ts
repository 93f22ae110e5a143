// Reads one value of any size as a stream: envelope chunks go to the delegate, sealed chunks come back and go to the client, each side
// no faster than the next one takes them. The record is written before the first byte is released.
import { AppError, parseSecretReference } from '@sallyport/core';
import type { AuditScope } from '../audit/audit-entry.ts';
import { inClientTime } from '../fleet/client-time.ts';
import type { StreamedTask } from '../fleet/open-task.ts';
import { auditScopeOf } from '../http/operation.ts';
import type { FrameStream, OperationRequest } from '../http/operation.ts';
import type { Store } from '../storage/store.ts';
import type { Services } from '../services.ts';
import { chooseToUse, isRefusal } from './choose-secret.ts';
import { managersOf } from './find-readable.ts';
import type { FoundItem } from './find-readable.ts';
import { envelopeChunks } from './read-envelopes.ts';
import { parseExisting } from './find-secret.ts';
import { recordRefusal, recordReleases, recordUnreadable } from './release-record.ts';
import type { ReleaseContext } from './release-record.ts';
import { readItem } from './resolve-secrets.ts';
import { askerOf } from './secret-asker.ts';
import type { StoredEnvelope } from './secret-store.ts';

/** Resolves when the delegate has begun to answer and the record is durable. @throws see the route `downloadSecret` */
export async function downloadSecret(
  request: OperationRequest<'downloadSecret'>,
  services: Services,
): Promise<FrameStream> {
  const { body } = request;
  const { store, dispatcher, directory, fleet } = services;
  const scope = auditScopeOf(request, services.clock);
  const item = await findItem(request, services, scope);
  const managers = [...(await managersOf([item], directory)).values()];
  const needs = managers.map(({ settings }) => settings);
  const delegate = fleet.delegates.require(body.delegateId, needs);
  const task = dispatcher.stream<'download'>(
    delegate,
    { kind: 'download', requestId: body.requestId, item: readItem(item), sealed: body.sealed },
    { managers },
  );
  return begin(task, item, { store, context: { scope, releases: services.releases, delegate } });
}

/** With its envelope. @throws {not-found} {forbidden} {ambiguous-name} */
async function findItem(
  request: OperationRequest<'downloadSecret'>,
  services: Services,
  scope: AuditScope,
): Promise<FoundItem> {
  const { item: reference } = request.body;
  const asked = parseExisting(reference, parseSecretReference);
  const asker = await askerOf(request, services);
  const choice = await services.store.read(async ({ secrets }) => {
    const [candidates = []] = await secrets.findMany([asked]);
    const chosen = chooseToUse(asked, candidates, asker);
    if (isRefusal(chosen)) return chosen;
    const { secret, version } = chosen.found;
    const [envelope] = await secrets.readEnvelopes([{ secretId: secret.id, version: version.version }]);
    if (envelope) version.envelope = envelope;
    return chosen;
  });
  if (!isRefusal(choice)) return { reference, ...choice };
  const refused = { reference, error: choice.error, refusal: choice };
  await recordUnreadable([refused], { scope, releases: services.releases });
  throw choice.error;
}

async function begin(
  task: StreamedTask<'download'>,
  item: FoundItem,
  by: { store: Store; context: ReleaseContext },
): Promise<FrameStream> {
  const { context } = by;
  const sending = sendEnvelope(task, item.found.version.envelope, by.store);
  sending.catch((thrown: unknown) => {
    task.cancel(asAppError(thrown));
  });
  const chunks = task.stream.receive();
  try {
    const first = await chunks.next();
    if (first.done === true) throw endedEarly();
    await recordReleases([{ item, refusedWith: null }], [], context);
    return relay(first.value, chunks, { task, sending });
  } catch (thrown) {
    const error = asAppError(thrown);
    task.cancel(error);
    await recordRefusal([item], error, context);
    throw thrown;
  }
}

async function* relay(
  first: Uint8Array,
  rest: AsyncGenerator<Uint8Array, void, undefined>,
  work: { task: StreamedTask<'download'>; sending: Promise<void> },
): FrameStream {
  const { task } = work;
  try {
    // `yield` returns when the client has taken the chunk: that wait is the client's, not the delegate's.
    yield* inClientTime(first, task);
    for await (const chunk of rest) yield* inClientTime(chunk, task);
    await Promise.all([work.sending, task.result]);
  } finally {
    task.cancel(new AppError('delegate-lost', { publicMessage: 'The client went away.' }));
  }
}

/** Sends the envelope in chunks; how large they are stored does not matter. */
async function sendEnvelope(
  task: StreamedTask<'download'>,
  envelope: StoredEnvelope,
  store: Store,
): Promise<void> {
  let held: Uint8Array | null = null;
  for await (const chunk of envelopeChunks(envelope, store)) {
    if (held !== null) await task.stream.send(held, { last: false });
    held = chunk;
  }
  await task.stream.send(held ?? new Uint8Array(), { last: true });
}

function endedEarly(): AppError {
  return new AppError('delegate-lost', { publicMessage: 'The delegate ended the task without an answer.' });
}

function asAppError(thrown: unknown): AppError {
  if (thrown instanceof AppError) return thrown;
  return new AppError('internal', { publicMessage: 'An internal error occurred.', cause: thrown });
}
