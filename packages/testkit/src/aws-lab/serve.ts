// The lab's HTTP handler: reads a request, lets a service recognise it, lets faults have their turn, executes, writes the answer and
// the log. One handler serves every service, so each listener could serve all of them.
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { emptyCall } from './call-log.ts';
import type { CallLog, CallTrace } from './call-log.ts';
import { statusOfError } from './faults.ts';
import type { FaultOptions, FaultTable } from './faults.ts';
import type { LabAnswer, LabRequest, ServiceCall } from './lab-request.ts';
import { ServiceError } from './service-error.ts';

export type ServeParts = {
  /** Asks each service in turn whether a request is its own. */
  recognise(request: LabRequest): ServiceCall | null;
  faults: FaultTable;
  log: CallLog;
  now: () => number;
};

const MAX_BODY_BYTES = 512 * 1024;
const REGIONAL_PATH = /^\/regions\/([a-z0-9-]+)(\/.*)?$/;
const PROXY_PAGE =
  '<html><head><title>Bad gateway</title></head><body><h1>The proxy could not reach the server</h1></body></html>';
const WELCOME =
  'This is the Sallyport AWS lab. It is not AWS: it speaks some of its protocols, for tests and trials.\n';

/** Makes the handler. */
export function makeHandler(parts: ServeParts): RequestListener {
  return (incoming, response) => {
    handle(parts, incoming, response).catch(() => {
      // The caller went away, or we made a mistake: either way this connection is of no more use.
      incoming.socket.destroy();
    });
  };
}

async function handle(parts: ServeParts, incoming: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = await readBody(incoming);
  if (body === null) {
    write(parts, response, { status: 413, contentType: 'text/plain', body: 'Request too large\n' });
    return;
  }
  const request = toLabRequest(incoming, body);
  const call = parts.recognise(request);
  if (call === null) {
    const status = request.path === '/' && request.method === 'GET' ? 200 : 404;
    write(parts, response, { status, contentType: 'text/plain', body: WELCOME });
    return;
  }
  const requestId = randomUUID();
  const trace: CallTrace = {};
  const answer = await meetFaults(parts, call, trace);
  if (answer === 'hang' || answer === 'reset') {
    record(parts, { call, requestId, trace });
    if (answer === 'reset') incoming.socket.resetAndDestroy();
    return;
  }
  const outcome = answer === null ? execute(call, trace, requestId) : answer;
  const written = outcome instanceof ServiceError ? call.renderError(outcome, requestId) : outcome;
  if (outcome instanceof ServiceError) {
    trace.errorCode = outcome.code;
    trace.errorMessage = outcome.text;
  }
  // Logged before it is answered, so that whoever has the answer finds the call.
  record(parts, { call, requestId, trace });
  write(parts, response, written);
}

/** Lets the faults meet a call: `null` lets it through, after any latency. */
async function meetFaults(
  parts: ServeParts,
  call: ServiceCall,
  trace: CallTrace,
): Promise<LabAnswer | ServiceError | 'hang' | 'reset' | null> {
  for (const fault of parts.faults.meet(call)) {
    trace.fault = fault.kind;
    if (fault.kind !== 'latency') return faultAnswer(fault, call);
    await new Promise<void>((resolve) => {
      setTimeout(resolve, fault.milliseconds).unref();
    });
  }
  return null;
}

function faultAnswer(
  fault: Exclude<FaultOptions, { kind: 'latency' }>,
  call: ServiceCall,
): LabAnswer | ServiceError | 'hang' | 'reset' {
  switch (fault.kind) {
    case 'hang':
    case 'reset':
      return fault.kind;
    case 'throttle':
      return call.throttling();
    case 'error':
      return new ServiceError(fault.code, {
        status: fault.status ?? statusOfError(fault.code),
        text: fault.message ?? 'Injected by the lab',
      });
    case 'html':
      return { status: fault.status ?? 503, contentType: 'text/html', body: PROXY_PAGE };
    default:
      return fault;
  }
}

function execute(call: ServiceCall, trace: CallTrace, requestId: string): LabAnswer | ServiceError {
  try {
    return call.execute(trace, requestId);
  } catch (error) {
    if (error instanceof ServiceError) return error;
    return new ServiceError('InternalFailure', {
      status: 500,
      text: error instanceof Error ? error.message : '',
    });
  }
}

function record(parts: ServeParts, done: { call: ServiceCall; requestId: string; trace: CallTrace }): void {
  const { call, requestId, trace } = done;
  parts.log.add({
    ...emptyCall({ service: call.service, eventName: call.operation, timeMs: parts.now(), requestId }),
    ...trace,
  });
}

function write(parts: ServeParts, response: ServerResponse, answer: LabAnswer): void {
  response.writeHead(answer.status, {
    'content-type': answer.contentType,
    'content-length': Buffer.byteLength(answer.body),
    // By the lab's clock: clients correct their own with it.
    date: new Date(parts.now()).toUTCString(),
    ...answer.headers,
  });
  response.end(answer.body);
}

function toLabRequest(incoming: IncomingMessage, body: Buffer): LabRequest {
  const url = incoming.url ?? '/';
  const fullPath = url.split('?', 1)[0] ?? '/';
  const [, region, rest] = REGIONAL_PATH.exec(fullPath) ?? [];
  return {
    method: incoming.method ?? 'GET',
    url,
    headers: incoming.headers,
    body,
    path: region === undefined ? fullPath : (rest ?? '/'),
    endpointRegion: region ?? null,
    sourceAddress: incoming.socket.remoteAddress ?? '127.0.0.1',
  };
}

/** The whole body, or `null` when it is too large. */
async function readBody(incoming: IncomingMessage): Promise<Buffer | null> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_BODY_BYTES) return null;
    chunks.push(chunk);
  }
  const [only] = chunks;
  return chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks);
}
