// Reads the body of `POST /v1/resolve`, within bounds of size and time.
import type { IncomingMessage } from 'node:http';
import { z } from 'zod';
import { AppError } from '@sallyport/core';
import { LocalRead, PURPOSE_MAX_CHARACTERS } from '@sallyport/protocol';
import type { Time } from '../time/time.ts';

const BODY_MAX_BYTES = 1_048_576;
const BODY_MAX_MS = 10_000;

const ResolveBody = z.strictObject({
  references: LocalRead.shape.items,
  purpose: z.string().max(PURPOSE_MAX_CHARACTERS).optional(),
});
export type ResolveBody = z.infer<typeof ResolveBody>;

/** @throws {invalid-request} {value-too-large} */
export async function readResolveBody(request: IncomingMessage, time: Time): Promise<ResolveBody> {
  const type = (request.headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase();
  if (type !== 'application/json') throw invalid('The content type of the body must be application/json.');
  const bytes = await readAll(request, time);
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw invalid('The body is not valid JSON in UTF-8.');
  }
  const parsed = ResolveBody.safeParse(json);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const where = issue?.path.join('.') ?? '';
  throw invalid(
    `The body${where === '' ? '' : `, at "${where}",`} is not as it should be: ${issue?.message ?? 'malformed'}.`,
  );
}

async function readAll(request: IncomingMessage, time: Time): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const chunks: Buffer[] = [];
  let total = 0;
  const take = (chunk: Buffer): void => {
    total += chunk.length;
    if (total > BODY_MAX_BYTES) reject(tooLarge());
    else chunks.push(chunk);
  };
  if (Number(request.headers['content-length'] ?? 0) > BODY_MAX_BYTES) throw tooLarge();
  request.on('data', take);
  request.once('end', () => resolve(Buffer.concat(chunks, total)));
  request.once('close', () => reject(invalid('The connection ended before the body was complete.')));
  const cancel = time.after(BODY_MAX_MS, () => reject(invalid('The body did not arrive in time.')));
  try {
    return await promise;
  } finally {
    cancel();
    request.off('data', take);
  }
}

function tooLarge(): AppError {
  return new AppError('value-too-large', {
    publicMessage: `The body has more than the ${BODY_MAX_BYTES} bytes that are allowed here.`,
    data: { maxBytes: BODY_MAX_BYTES, hint: 'Ask for fewer secrets at a time.' },
  });
}

function invalid(publicMessage: string): AppError {
  return new AppError('invalid-request', { publicMessage });
}
