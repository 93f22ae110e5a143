// The answer to a script, sealed unless it is a start-up profile: events one after the other, whoever has something to say, and a sign of life when nobody has.
import type { ScriptEnd, ScriptStream, SealedScriptEvent } from '@sallyport/protocol';
import { encodeContent } from '@sallyport/protocol/sealing';
import type { AnswerSealer } from '@sallyport/protocol/sealing';
import type { Time } from '../time/time.ts';
import type { TaskStream } from './task-stream.ts';

/** Nothing is heard of a silent script for so long at most: less than any connection on the way is kept without a word. */
const ALIVE_EVERY_MS = 10_000;

type ChunkSealer = Pick<AnswerSealer, 'sealAnswerChunk'>;

export class ScriptAnswer {
  readonly #sealer: ChunkSealer;
  readonly #stream: TaskStream;
  readonly #time: Time;
  /** The last of those who want to send; each waits for the one before. */
  #queue: Promise<void> = Promise.resolve();
  #waiting = 0;
  #cancelAlive = (): void => undefined;
  outputBytes = 0;

  constructor(parts: { sealer: ChunkSealer; stream: TaskStream; time: Time }) {
    this.#sealer = parts.sealer;
    this.#stream = parts.stream;
    this.#time = parts.time;
  }

  /** The first chunk. @throws the signal's reason, as all of these do */
  async ready(facts: Omit<Extract<SealedScriptEvent, { is: 'ready' }>, 'is'>): Promise<void> {
    await this.#send({ is: 'ready', ...facts }, []);
  }

  /** Resolves when the server has recorded the start. */
  async started(): Promise<void> {
    await this.#stream.receive();
    this.#keepAlive();
  }

  async output(stream: ScriptStream, bytes: Uint8Array): Promise<void> {
    if (bytes.length === 0) return;
    this.outputBytes += bytes.length;
    await this.#send({ is: 'output', stream }, [bytes]);
  }

  /** The last chunk. */
  async ended(end: ScriptEnd): Promise<void> {
    this.stop();
    await this.#send({ is: 'ended', end }, []);
  }

  /** Ends the signs of life. */
  stop(): void {
    this.#cancelAlive();
  }

  async #send(event: SealedScriptEvent, values: readonly Uint8Array[]): Promise<void> {
    const isLast = event.is === 'ended';
    const before = this.#queue;
    this.#waiting += 1;
    this.#queue = (async () => {
      await before;
      // Sealed here and not before: chunks are sealed in the order in which they are sent.
      const payload = this.#sealer.sealAnswerChunk(encodeContent(event, values), { final: isLast });
      await this.#stream.send({ payload, last: isLast });
    })();
    try {
      await this.#queue;
    } finally {
      this.#waiting -= 1;
    }
  }

  #keepAlive(): void {
    this.#cancelAlive = this.#time.after(ALIVE_EVERY_MS, () => {
      // While somebody waits to send, the other side is the slow one, and knows.
      const said = this.#waiting > 0 ? Promise.resolve() : this.#send({ is: 'alive' }, []);
      said.catch(() => undefined);
      this.#keepAlive();
    });
  }
}
