// The server's key for grants, as this delegate met it first: kept in the data folder together with the account. Another one is refused
// until the operator removes the file, since whoever signs grants decides which program gets which value while the server is away.
import type { KeyObject } from 'node:crypto';
import { z } from 'zod';
import { AppError } from '@sallyport/core';
import { AccountIdSchema } from '@sallyport/protocol';
import { publicKeyFromRaw } from '@sallyport/protocol/sealing';
import { createPrivateFile, readPrivateFile } from '../data-folder/private-file.ts';

const KeyFile = z.strictObject({
  version: z.literal(1),
  accountId: AccountIdSchema,
  grantKey: z.string(),
  server: z.string().describe('Address at which it was met, for people.'),
});

type Remembered = { file: z.infer<typeof KeyFile>; signer: GrantSigner };

/** Who signs grants. */
export type GrantSigner = { readonly accountId: string; readonly key: KeyObject };

export class ServerGrantKey {
  readonly #path: string;
  readonly #server: string;
  #remembered: Remembered | null;
  #changed: AppError | null = null;

  private constructor(options: { path: string; server: string }, remembered: Remembered | null) {
    this.#path = options.path;
    this.#server = options.server;
    this.#remembered = remembered;
  }

  /** Reads what is remembered. @throws {config-invalid} when the file is damaged or may be used by others */
  static async load(options: { path: string; server: string }): Promise<ServerGrantKey> {
    const content = await readPrivateFile(options.path);
    if (content === null) return new ServerGrantKey(options, null);
    const remembered = readKeyFile(content);
    if (remembered !== null) return new ServerGrantKey(options, remembered);
    throw new AppError('config-invalid', {
      publicMessage: `The file ${options.path} is damaged. Restore it, or remove it to believe the key that the server shows next.`,
    });
  }

  /** Who may sign grants; null: no server has been met yet. */
  get signer(): GrantSigner | null {
    return this.#remembered?.signer ?? null;
  }

  /** Why grants of the connected server are not believed; null: they are. */
  get problem(): AppError | null {
    return this.#changed;
  }

  /**
   * The server has shown its key; `problem` says at once whether it is believed. The first one is remembered: resolves when it is in
   * the file, rejects with the system's error when it cannot be.
   */
  async met(welcome: { accountId: string; grantKey: string }): Promise<void> {
    const { accountId, grantKey } = welcome;
    const known = this.#remembered?.file;
    if (known !== undefined) {
      const isSame = known.accountId === accountId && known.grantKey === grantKey;
      this.#changed = isSame ? null : this.#refusal(known, welcome);
      return;
    }
    const file = { version: 1 as const, accountId, grantKey, server: this.#server };
    const content = Buffer.from(`${JSON.stringify(file, null, 2)}\n`);
    this.#remembered = readKeyFile(content);
    if (this.#remembered === null) {
      const publicMessage = 'The server showed no usable key for grants.';
      this.#changed = new AppError('answer-mismatch', { publicMessage });
      return;
    }
    this.#changed = null;
    await createPrivateFile(this.#path, content);
  }

  #refusal(known: z.infer<typeof KeyFile>, shown: { accountId: string; grantKey: string }): AppError {
    const what = known.accountId === shown.accountId ? 'another key for grants' : 'another account';
    return new AppError('answer-mismatch', {
      publicMessage: `The server at ${this.#server} has ${what} than this delegate remembers, so what it grants to programs here is not believed.`,
      data: {
        hint: `If the server was set up anew or got another root key, remove ${this.#path} on the delegate's host and start the delegate again. If not, somebody stands in for it.`,
      },
    });
  }
}

function readKeyFile(content: Buffer): Remembered | null {
  let json: unknown;
  try {
    json = JSON.parse(content.toString('utf8'));
  } catch {
    return null;
  }
  const { data: file } = KeyFile.safeParse(json);
  if (file === undefined) return null;
  const key = publicKeyFromRaw('ed25519', Buffer.from(file.grantKey, 'base64url'));
  return key === null ? null : { file, signer: { accountId: file.accountId, key } };
}
