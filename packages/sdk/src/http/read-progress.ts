// Reads answers that tell of their progress: line by line, each as soon as it is there, of which the last one is the answer or the error.
import { PROGRESS_LINE_MAX_BYTES } from '@sallyport/protocol/client';
import { checkedAnswer, errorIn, parseJson } from './read-answer.ts';
import type { CallRoute } from './read-answer.ts';
import type { TransportResponse } from './transport.ts';
import { brokenOff, notSallyport, tooLong } from './unreachable.ts';

/**
 * Resolves to the answer, once it is there.
 * @throws the error that the server ended with
 * @throws {unreachable} when the lines break off before there is an answer
 * @throws {protocol-version-unsupported} when the answer is not of the form that this client knows
 */
export async function readProgress(from: {
  address: string;
  response: TransportResponse;
  route: CallRoute;
  onProgress: (event: unknown) => void;
}): Promise<unknown> {
  const { address, response, route, onProgress } = from;
  for await (const line of linesOf(address, response.chunks())) {
    const json = parseJson(line);
    if (typeof json !== 'object' || json === null) throw notSallyport(address, response);
    if ('progress' in json) {
      const event = route.progress?.safeParse(json.progress);
      if (event?.success === true) onProgress(event.data);
    } else if ('answer' in json) {
      return route.response === null ? null : checkedAnswer(address, route.response, json.answer);
    } else {
      throw errorIn(json) ?? notSallyport(address, response);
    }
  }
  throw brokenOff(address, null);
}

const LINE_END = 10;

/** Lines without their end; empty ones are left out, and so is what follows the last line end. */
async function* linesOf(address: string, chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let rest: Uint8Array = new Uint8Array(0);
  for await (const chunk of chunks) {
    const bytes = new Uint8Array(rest.length + chunk.length);
    bytes.set(rest);
    bytes.set(chunk, rest.length);
    let from = 0;
    for (let end = bytes.indexOf(LINE_END); end >= 0; end = bytes.indexOf(LINE_END, from)) {
      if (end > from) yield bytes.subarray(from, end);
      from = end + 1;
    }
    rest = bytes.subarray(from);
    if (rest.length > PROGRESS_LINE_MAX_BYTES) throw tooLong(address, PROGRESS_LINE_MAX_BYTES);
  }
}
