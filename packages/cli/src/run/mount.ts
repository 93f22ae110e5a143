// The file that secrets are given in: a named pipe, or a file in memory that a link points to.
import { randomBytes } from 'node:crypto';
import { symlinkSync } from 'node:fs';
import type { Belongings } from './belongings.ts';
import type { MountChoice } from './run-options.ts';
import { serveFifo } from './serve-fifo.ts';
import type { Fifo } from './serve-fifo.ts';

const NAME = 'mounted';

export class Mount {
  #content: Uint8Array;
  readonly #belongings: Belongings;
  #fifo: Fifo | null = null;

  private constructor(belongings: Belongings, content: Uint8Array) {
    this.#belongings = belongings;
    this.#content = content;
  }

  /** @throws {config-invalid} when the pipe or link cannot be made */
  static async open(
    { kind, path, maxReads }: MountChoice,
    belongings: Belongings,
    content: Uint8Array,
  ): Promise<Mount> {
    const mount = new Mount(belongings, content);
    const next = `${path}.${randomBytes(4).toString('hex')}.next`;
    if (kind === 'file') symlinkSync(belongings.write(NAME, content), path);
    else mount.#fifo = await serveFifo(path, () => mount.#content, { maxReads, next });
    // From here on it is ours to remove.
    belongings.add(path);
    if (kind === 'fifo') belongings.add(next);
    return mount;
  }

  /** What readers get from now on. */
  renew(content: Uint8Array): void {
    this.#content = content;
    if (this.#fifo === null) this.#belongings.write(NAME, content);
  }

  async close(): Promise<void> {
    await this.#fifo?.stop();
  }
}
