// The delegate's memory of start-up profiles: which revision of each it has begun, in a file of its data folder. It is on disk before the
// script starts, so that none runs twice, whatever becomes of the run, of the connection or of the server's own memory.
import { z } from 'zod';
import { AppError } from '@sallyport/core';
import { BEGUN_PROFILES_MAX, ProfileRevision } from '@sallyport/protocol';
import type { DataFolder } from '../data-folder/data-folder.ts';
import { readPrivateFile, replacePrivateFile } from '../data-folder/private-file.ts';

const FILE = 'start-profiles.json';

const BookFile = z.strictObject({
  version: z.literal(1),
  begun: z.array(ProfileRevision).describe('The newest last.'),
});

export class ProfileBook {
  readonly #path: string;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(folder: DataFolder) {
    this.#path = folder.pathOf(FILE);
  }

  /** The newest revision that was begun of each profile. @throws {config-invalid} when the file is damaged or not private */
  async begun(): Promise<ProfileRevision[]> {
    const content = await readPrivateFile(this.#path);
    if (content === null) return [];
    try {
      return BookFile.parse(JSON.parse(content.toString('utf8'))).begun;
    } catch (thrown) {
      // Not the same as empty: then every profile would run again.
      throw new AppError('config-invalid', {
        publicMessage: `The delegate's memory of start-up profiles, ${this.#path}, is damaged. Restore it, or remove it if all of them may run again.`,
        cause: thrown,
      });
    }
  }

  /** @throws {delegate-refused} when this revision, or a later one, has been begun; {config-invalid} */
  async requireNew({ profileId, revision }: ProfileRevision): Promise<void> {
    const before = (await this.begun()).find((one) => one.profileId === profileId);
    if (before === undefined || before.revision < revision) return;
    throw new AppError('delegate-refused', {
      publicMessage: `The delegate has begun revision ${before.revision} of this profile before, and begins none twice.`,
    });
  }

  /**
   * Remembers that it begins now; on disk when this resolves.
   * @throws as `requireNew`, and the system's error when it cannot be written: then it must not begin
   */
  async begin(profile: ProfileRevision): Promise<void> {
    const turn = this.#turn.then(async () => {
      await this.requireNew(profile);
      const { profileId, revision } = profile;
      const others = (await this.begun()).filter((one) => one.profileId !== profileId);
      const begun = [...others, { profileId, revision }].slice(-BEGUN_PROFILES_MAX);
      await replacePrivateFile(
        this.#path,
        Buffer.from(`${JSON.stringify({ version: 1, begun }, null, 2)}\n`),
      );
    });
    this.#turn = turn.catch(() => undefined);
    await turn;
  }
}
