// Runs a script on a delegate. The script is sealed for the delegate and its output for this client; the server learns which secrets the
// script refers to, its name, its hash and how it ended.
import { AppError, isAppError, parseSelector, ScriptTemplate } from '@sallyport/core';
import type { PlaceReference, SecretId } from '@sallyport/core';
import {
  encodeContent,
  HTTP_FRAMES_TYPE,
  readHttpFrames,
  SCRIPT_MAX_BYTES,
} from '@sallyport/protocol/client';
import type { DelegateOffer, ScriptEnd, ScriptFacts, ScriptStream, SealedScript } from '@sallyport/protocol';
import { newRequestId } from '../client/wiring.ts';
import type { Wiring } from '../client/wiring.ts';
import { withFailOver } from '../delegates/fail-over.ts';
import type { SealedExchange } from '../delegates/sealing.ts';
import type { SealingPartner } from '../delegates/session-pool.ts';
import { errorOf } from '../http/read-answer.ts';
import { notSallyport } from '../http/unreachable.ts';
import { brokenOff, openedChunks } from '../secrets/opened-chunks.ts';
import { unanswered } from '../secrets/write-secret.ts';
import { readReady, readScriptEvent } from './script-events.ts';

export type ScriptOptions = {
  /** What the audit trail calls it, e.g. the name of its file; in clear. At most 200 characters. */
  name: string;
  /** Where the secrets are used whose references name no place. */
  place?: PlaceReference | null;
  /** Handed to the script as they are; other users of the delegate's host can see them. */
  arguments?: readonly string[];
  /** Path of the program that it is written for; left out: the first that the delegate's guard file names, bash as a rule. */
  interpreter?: string;
  /** The delegate has to have all of them. */
  selectors?: readonly string[];
  /** Only the delegate that calls itself so, which this client checks. */
  delegate?: string;
  /** It is ended after so many seconds. Default 600, or as many as the delegate allows where that is less. */
  maxSeconds?: number;
  /** Told once, right before it starts. */
  onStart?: (started: StartedScript) => void;
  /** Takes what the script writes, masked, as it comes; the next piece comes when the promise has settled. */
  onOutput: (stream: ScriptStream, bytes: Uint8Array) => void | Promise<void>;
  /** Ends the script with all its processes. */
  signal?: AbortSignal;
};

export type StartedScript = {
  /** The delegate's name for itself. */
  delegate: string;
  secrets: readonly { reference: string; secretId: SecretId; name: string; version: number }[];
  /** Secrets whose values are not masked in the output, and why, in words that follow the reference. */
  unmasked: readonly { reference: string; why: string }[];
};

/**
 * Resolves when the script has ended, however it ended.
 * @throws {forbidden} {no-delegate} {delegate-refused} {delegate-lost}, what concerns its secrets, and the signal's reason
 */
export async function runScript(wiring: Wiring, text: string, options: ScriptOptions): Promise<ScriptEnd> {
  const { selectors = [], delegate = null, maxSeconds = null, signal = null } = options;
  const script = new TextEncoder().encode(text);
  if (script.length > SCRIPT_MAX_BYTES) throw tooLarge();
  const items = [...ScriptTemplate.parse(text, options.place ?? null).references];
  const facts: ScriptFacts = {
    name: options.name,
    sha256: await sha256Of(script),
    selectors: [...selectors, ...(delegate === null ? [] : [delegate])].map(parseSelector),
    maxSeconds,
  };
  const asked: AskedScript = { script, items, facts, options };
  let isBegun = false;
  const running = await withFailOver(
    wiring.pool,
    {
      offers: async ({ signal: whileAsking }) => {
        const answer = await wiring.call('offersToRunScript', {
          body: { items, selectors: facts.selectors },
          ...(whileAsking === null ? {} : { signal: whileAsking }),
        });
        return delegate === null ? answer.delegates : namedOnly(answer.delegates, delegate);
      },
      attempt: (partner, whileTrying) =>
        start(wiring, partner, {
          ...asked,
          signal: whileTrying,
          begun: () => {
            isBegun = true;
          },
        }),
      // Before that, a delegate has not started anything.
      repeatable: () => !isBegun,
      onlyOnce: true,
      signal,
    },
    wiring.limits,
  );
  return follow(running ?? unanswered(), options);
}

type AskedScript = {
  script: Uint8Array;
  items: string[];
  facts: ScriptFacts;
  options: ScriptOptions;
};
type RunningScript = { started: StartedScript; chunks: AsyncGenerator<Uint8Array, undefined> };

async function start(
  wiring: Wiring,
  { session, delegate }: SealingPartner,
  asked: AskedScript & { signal: AbortSignal | null; begun: () => void },
): Promise<RunningScript> {
  const { facts, items, script, signal } = asked;
  const requestId = newRequestId(wiring);
  const header: SealedScript = {
    facts,
    place: asked.options.place ?? null,
    interpreter: asked.options.interpreter ?? null,
    arguments: [...(asked.options.arguments ?? [])],
  };
  const exchange: SealedExchange = await session.sealRequest(
    { requestId, operation: 'run-script' },
    encodeContent(header, [script]),
  );
  const { delegateId, offer } = delegate;
  const { method, path } = wiring.routes.runScript;
  const request = { requestId, delegateId, items, script: facts, sealed: exchange.sealed };
  const response = await wiring.transport.send({
    method,
    path,
    headers: { ...(await wiring.headers()), 'content-type': 'application/json' },
    body: new TextEncoder().encode(JSON.stringify(request)),
    signal,
  });
  const { address } = wiring.transport;
  if (response.status !== 200) throw await errorOf(address, response);
  asked.begun();
  if (response.contentType !== HTTP_FRAMES_TYPE) throw notSallyport(address, response);
  const chunks = openedChunks(readHttpFrames(response.chunks()), exchange);
  try {
    const head = await chunks.next();
    if (head.done === true) throw brokenOff();
    return { started: { delegate: offer.name, ...readReady(head.value, items) }, chunks };
  } catch (error) {
    await chunks.return(undefined);
    throw error;
  }
}

async function follow({ started, chunks }: RunningScript, options: ScriptOptions): Promise<ScriptEnd> {
  options.onStart?.(started);
  let end: ScriptEnd | null = null;
  try {
    for await (const chunk of chunks) {
      const event = readScriptEvent(chunk);
      if (event.is === 'output') await options.onOutput(event.stream, event.bytes);
      else if (event.is === 'ended') end = event.end;
    }
  } catch (error) {
    if (options.signal?.aborted === true || !isAppError(error)) throw error;
    const isLost = error.code === 'unreachable' || error.code === 'delegate-lost';
    throw isLost ? scriptLost(started.delegate, error) : error;
  }
  return end ?? unanswered();
}

/** A delegate's name is under its signature, so a server cannot lead a script to another one. @throws {answer-mismatch} */
export function namedOnly(offers: readonly DelegateOffer[], name: string): DelegateOffer[] {
  const wanted = parseSelector(name);
  const named = offers.filter(({ offer }) => offer.name.trim().toLowerCase() === wanted);
  if (named.length > 0) return named;
  throw new AppError('answer-mismatch', {
    publicMessage: `The server offers other delegates than ${name}. Nothing was sent to them.`,
  });
}

async function sha256Of(bytes: Uint8Array): Promise<string> {
  const hash = await globalThis.crypto.subtle.digest('SHA-256', bytes as Uint8Array<ArrayBuffer>);
  return Array.from(new Uint8Array(hash), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

function scriptLost(delegate: string, cause: AppError): AppError {
  return new AppError('delegate-lost', {
    publicMessage: `The output broke off before the script had ended: delegate ${delegate} or the server went away. A script that nobody listens to is ended; how far it came is not known.`,
    retryable: false,
    data: { delegate, hint: 'Look at what it has done before you run it again.' },
    cause,
  });
}

function tooLarge(): AppError {
  return new AppError('value-too-large', {
    publicMessage: `A script has at most ${SCRIPT_MAX_BYTES} bytes.`,
    data: { hint: 'Keep what is large in a file secret, or on the delegate.' },
  });
}
