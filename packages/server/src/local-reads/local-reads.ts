// Takes what delegates send about reads of programs beside them, and bounds what each of them may cost: reads at once, reads that wait,
// reports that wait. One delegate that asks for too much is told to come again; others do not notice.
import { AppError, isAppError } from '@sallyport/core';
import { toWireError } from '@sallyport/protocol';
import type { LocalRead, LocalReadAnswer, LocalUses } from '@sallyport/protocol';
import type { BackgroundWork } from '../background-work.ts';
import type { DelegateConnection } from '../fleet/delegate-connection.ts';
import { answerLocalRead } from './answer-local-read.ts';
import type { LocalReadServices } from './answer-local-read.ts';
import type { AccountChanges } from './account-changes.ts';
import { recordLocalUses } from './record-local-uses.ts';
import type { LocalUseServices } from './record-local-uses.ts';

/** Reads of one delegate at once. Each holds the envelopes of its answer. */
const READS_AT_ONCE = 16;
/** References of one delegate's reads that wait for their turn. */
const WAITING_ITEMS_MAX = 10_000;
/** Reports of one delegate that wait for their turn; what is more goes unanswered, and the delegate repeats it. */
const WAITING_REPORTS_MAX = 8;

type Work = {
  reads: number;
  waitingReads: LocalRead[];
  waitingItems: number;
  isRecording: boolean;
  waitingReports: LocalUses[];
};

type Services = LocalReadServices &
  LocalUseServices & { background: BackgroundWork; changes: Pick<AccountChanges, 'count'> };

export class LocalReads {
  readonly #services: Services;
  /** What is gone with the connection is not worked on any more. */
  readonly #work = new WeakMap<DelegateConnection, Work>();

  constructor(services: Services) {
    this.#services = services;
  }

  /** Returns at once; what comes of it is sent on the connection. */
  received(connection: DelegateConnection, message: LocalRead | LocalUses): void {
    const work = this.#workOf(connection);
    if (message.type === 'local-uses') {
      if (work.waitingReports.length >= WAITING_REPORTS_MAX) return;
      work.waitingReports.push(message);
      this.#recordNext(connection, work);
      return;
    }
    if (work.waitingItems + message.items.length > WAITING_ITEMS_MAX || connection.isCongested) {
      sendAnswer(connection, message, { error: toWireError(tooMuch(connection.name)) });
      return;
    }
    work.waitingReads.push(message);
    work.waitingItems += message.items.length;
    this.#readNext(connection, work);
  }

  #workOf(connection: DelegateConnection): Work {
    const known = this.#work.get(connection);
    if (known !== undefined) return known;
    const work: Work = {
      reads: 0,
      waitingReads: [],
      waitingItems: 0,
      isRecording: false,
      waitingReports: [],
    };
    this.#work.set(connection, work);
    return work;
  }

  #readNext(connection: DelegateConnection, work: Work): void {
    if (!connection.connected || work.reads >= READS_AT_ONCE) return;
    const read = work.waitingReads.shift();
    if (read === undefined) return;
    work.waitingItems -= read.items.length;
    work.reads += 1;
    this.#services.background.start('answer a read through a delegate', async () => {
      try {
        await this.#answer(connection, read);
      } finally {
        work.reads -= 1;
        this.#readNext(connection, work);
      }
    });
  }

  async #answer(connection: DelegateConnection, read: LocalRead): Promise<void> {
    const changes = this.#services.changes.count;
    try {
      const { items, configure } = await answerLocalRead(read, connection, this.#services);
      configure();
      sendAnswer(connection, read, { items });
    } catch (thrown) {
      sendAnswer(connection, read, { error: toWireError(thrown) });
      if (!isAppError(thrown)) throw thrown;
    }
    // Decided on what has changed meanwhile, and the word of that change may have overtaken this answer.
    if (changes !== this.#services.changes.count) connection.send({ type: 'recheck' });
  }

  #recordNext(connection: DelegateConnection, work: Work): void {
    if (work.isRecording || !connection.connected) return;
    const report = work.waitingReports.shift();
    if (report === undefined) return;
    work.isRecording = true;
    this.#services.background.start('record uses that a delegate reports', async () => {
      try {
        const { journal } = report;
        const sequence = await recordLocalUses(report, connection, this.#services);
        connection.send({ type: 'local-uses-seen', journal, sequence });
      } finally {
        work.isRecording = false;
        this.#recordNext(connection, work);
      }
    });
  }
}

function sendAnswer(
  connection: DelegateConnection,
  { readId }: LocalRead,
  outcome: LocalReadAnswer['outcome'],
): void {
  connection.send({ type: 'local-read-answer', readId, outcome });
}

function tooMuch(name: string): AppError {
  return new AppError('rate-limited', {
    publicMessage: `Delegate ${name} asks for more at once than the server takes. Try again in a second.`,
    data: { retryAfterSeconds: 1 },
  });
}
