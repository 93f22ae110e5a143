// The masked output of a start-up profile in the delegate's log, line by line, at level debug.
import { StringDecoder } from 'node:string_decoder';
import type { ScriptStream } from '@sallyport/protocol';
import type { Logger } from '../log/logger.ts';

/** Longer lines come in parts. */
const LINE_MAX_CHARACTERS = 4096;

export class OutputLog {
  readonly #logger: Logger;
  readonly #facts: object;
  readonly #streams = new Map<ScriptStream, { decoder: StringDecoder; rest: string }>();

  /** @param facts what each line of the log says beside the output */
  constructor(logger: Logger, facts: object) {
    this.#logger = logger;
    this.#facts = facts;
  }

  take(stream: ScriptStream, bytes: Uint8Array): void {
    const state = this.#streams.get(stream) ?? { decoder: new StringDecoder('utf8'), rest: '' };
    this.#streams.set(stream, state);
    const lines = (state.rest + state.decoder.write(Buffer.from(bytes))).split('\n');
    state.rest = lines.pop() ?? '';
    for (const line of lines) this.#log(stream, line);
    if (state.rest.length < LINE_MAX_CHARACTERS) return;
    this.#log(stream, state.rest);
    state.rest = '';
  }

  /** Logs what did not end with a line feed. */
  end(): void {
    for (const [stream, { decoder, rest }] of this.#streams) {
      const last = rest + decoder.end();
      if (last !== '') this.#log(stream, last);
    }
    this.#streams.clear();
  }

  #log(stream: ScriptStream, line: string): void {
    this.#logger.debug({ ...this.#facts, stream, line }, 'output of a start-up profile');
  }
}
