// Reads the answers of JSON operations: in one piece, and of the form that the operation's route names. What is answered as lines of
// progress is read in read-progress.ts.
import { AppError } from '@sallyport/core';
import { fromWireError, readErrorBody } from '@sallyport/protocol/client';
import type { OperationId, Route } from '@sallyport/protocol';
import type { TransportResponse } from './transport.ts';
import { notSallyport } from './unreachable.ts';

/** JSON answers are at most a sealed box of 16 MiB in base64url and some metadata. */
const ANSWER_MAX_BYTES = 32 * 1_048_576;
const ERROR_MAX_BYTES = 1_048_576;

/** What a client has to know of an operation to call it. The route table of the protocol is such a table, with schemas to check answers. */
export type CallRoute = Pick<Route, 'method' | 'path' | 'status'> & {
  response: AnswerCheck | null;
  progress?: AnswerCheck;
};
export type RouteTable = Readonly<Record<OperationId, CallRoute>>;

/** Tells whether an answer has the form of its operation. */
export type AnswerCheck = {
  safeParse(
    json: unknown,
  ): { success: true; data: unknown } | { success: false; error: { issues: { path: PropertyKey[] }[] } };
};

/**
 * Reads an answer that should be JSON of the route's response schema.
 * @throws the error that the server answered with
 * @throws {unreachable} when it is not the answer of a Sallyport server
 * @throws {protocol-version-unsupported} when it is not of the form that this client knows
 */
export async function readAnswer(
  address: string,
  response: TransportResponse,
  route: Pick<CallRoute, 'response' | 'status'>,
): Promise<unknown> {
  if (response.status !== (route.status ?? 200)) throw await errorOf(address, response);
  const bytes = await response.bytes(ANSWER_MAX_BYTES);
  if (route.response === null) return null;
  const json = response.contentType === 'application/json' ? parseJson(bytes) : undefined;
  if (json === undefined) throw notSallyport(address, response);
  return checkedAnswer(address, route.response, json);
}

/**
 * What was answered, once its form is known.
 * @throws {protocol-version-unsupported}
 */
export function checkedAnswer(address: string, form: AnswerCheck, json: unknown): unknown {
  const parsed = form.safeParse(json);
  if (parsed.success) return parsed.data;
  throw new AppError('protocol-version-unsupported', {
    publicMessage: `The server at ${address} answered in a form that this client does not know.`,
    // Not the issues themselves: they may repeat parts of what was answered.
    message: `unknown answer form at ${parsed.error.issues.map((issue) => issue.path.join('.')).join(', ')}`,
    data: { address, hint: 'Bring server and client to the same version.' },
  });
}

/** The error in an answer that is not a success. */
export async function errorOf(address: string, response: TransportResponse): Promise<AppError> {
  const foreign = notSallyport(address, response);
  if (response.contentType !== 'application/json') {
    await response.bytes(ERROR_MAX_BYTES).catch(() => null);
    return foreign;
  }
  return errorIn(parseJson(await response.bytes(ERROR_MAX_BYTES))) ?? foreign;
}

/** The error of an error body; `null` when it is none. */
export function errorIn(json: unknown): AppError | null {
  const body = readErrorBody(json);
  if (body === null) return null;
  const { error, requestId } = body;
  return fromWireError({ ...error, data: { ...error.data, serverRequestId: requestId } });
}

/** `undefined` when it is not JSON. */
export function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
}
