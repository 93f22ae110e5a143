// The delegate's memory of the audit trail: which head it signed last for which account, in a file of its data folder, and a log of
// everything that it signed. A head is in the file, flushed, before its signature leaves the delegate; so whatever anybody holds, the
// delegate remembers.
import { z } from 'zod';
import { AppError } from '@sallyport/core';
import { AccountIdSchema, AuditChainPoint } from '@sallyport/protocol';
import type { AuditCheckpoint, TaskOf, TaskResultOf } from '@sallyport/protocol';
import { checkpointBytes } from '@sallyport/protocol/audit';
import type { DataFolder } from '../data-folder/data-folder.ts';
import { appendPrivateFile, readPrivateFile, replacePrivateFile } from '../data-folder/private-file.ts';
import type { Identity } from '../identity/identity.ts';
import type { Logger } from '../log/logger.ts';
import type { Time } from '../time/time.ts';
import { judgeHead } from './judge-head.ts';
import type { SignedHead } from './judge-head.ts';

/** Files in the data folder. */
const HEADS_FILE = 'audit-heads.json';
const LOG_FILE = 'audit-checkpoints.jsonl';

const HeadsFile = z.strictObject({
  version: z.literal(1),
  accounts: z.array(
    AuditChainPoint.extend({
      accountId: AccountIdSchema,
      server: z.string(),
      signedAtMs: z.number().int(),
    }),
  ),
});
type Entry = z.infer<typeof HeadsFile>['accounts'][number];

export type CheckpointBookParts = {
  folder: DataFolder;
  identity: Pick<Identity, 'publicKey' | 'sign'>;
  time: Pick<Time, 'nowMs'>;
  logger: Logger;
  /** Origin of the server's address. */
  server: string;
};

/** Signs heads, one after the other. */
export class CheckpointBook {
  readonly #parts: CheckpointBookParts;
  readonly #headsPath: string;
  readonly #logPath: string;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(parts: CheckpointBookParts) {
    this.#parts = parts;
    this.#headsPath = parts.folder.pathOf(HEADS_FILE);
    this.#logPath = parts.folder.pathOf(LOG_FILE);
  }

  /**
   * Signs a head, or says why not. A refusal is loud here too: the server that hears it may be the one that lies.
   * @throws {config-invalid} when the file of signed heads is damaged or not private: then nothing is signed
   * @throws the system's error when it cannot be written
   */
  async sign(task: TaskOf<'sign-checkpoint'>): Promise<TaskResultOf<'sign-checkpoint'>['outcome']> {
    const turn = this.#turn.then(() => this.#sign(task));
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  async #sign(task: TaskOf<'sign-checkpoint'>): Promise<TaskResultOf<'sign-checkpoint'>['outcome']> {
    const { logger, server } = this.#parts;
    const accounts = await this.#read();
    const judgement = judgeHead(task, accounts satisfies readonly SignedHead[], server);
    const { accountId, head } = task;
    if (judgement.is === 'signed-another-last') return judgement;
    if (judgement.is === 'refused') {
      const { reason, message, last } = judgement;
      const facts = { accountId, reason, offered: head, last, file: this.#headsPath };
      logger.error(facts, `the server's audit trail is not signed: ${message}`);
      return judgement;
    }
    const { since } = judgement;
    const checkpoint = this.#checkpointOf({ accountId, head, since });
    const { signedAtMs } = checkpoint;
    const others = accounts.filter((entry) => entry.accountId !== accountId);
    await this.#write([...others, { ...head, accountId, server, signedAtMs }]);
    await appendPrivateFile(this.#logPath, `${JSON.stringify(checkpoint)}\n`);
    if (since === null) logger.info({ accountId, head }, 'first signature for this audit trail');
    return { is: 'signed', checkpoint };
  }

  #checkpointOf(about: Pick<Entry, 'accountId'> & Pick<TaskOf<'sign-checkpoint'>, 'head' | 'since'>) {
    const { identity, time } = this.#parts;
    const unsigned = {
      accountId: about.accountId,
      sequence: about.head.sequence,
      hash: about.head.hash,
      since: about.since,
      signedAtMs: time.nowMs(),
      identityKey: identity.publicKey.toString('base64url'),
    };
    const signature = identity.sign(checkpointBytes(unsigned)).toString('base64url');
    return { ...unsigned, signature } satisfies AuditCheckpoint;
  }

  /** Each time anew: an operator may have removed an account from it knowingly. */
  async #read(): Promise<Entry[]> {
    const content = await readPrivateFile(this.#headsPath);
    if (content === null) return [];
    try {
      return HeadsFile.parse(JSON.parse(content.toString('utf8'))).accounts;
    } catch (thrown) {
      // Not the same as empty: then any trail would be signed.
      throw new AppError('config-invalid', {
        publicMessage: `The delegate's file of signed audit trails, ${this.#headsPath}, is damaged. Restore it, or remove it if the trail is to be believed as it is now.`,
        cause: thrown,
      });
    }
  }

  async #write(accounts: Entry[]): Promise<void> {
    const content = `${JSON.stringify({ version: 1, accounts } satisfies z.infer<typeof HeadsFile>, null, 2)}\n`;
    await replacePrivateFile(this.#headsPath, Buffer.from(content));
  }
}
