// Large envelopes in SQLite, one row per chunk. Chunks are written through the group commit like everything else, and read one
// row per step, so that a long download neither holds a snapshot nor keeps others from reading.
import { AppError, invariant } from '@sallyport/core';
import type { UploadId } from '@sallyport/core';
import type { EnvelopeUploads } from '../../secrets/envelope-uploads.ts';
import { prepare, tables } from './query.ts';
import type { Session } from './session.ts';

/** How uploads reach the database: one transaction per step. */
export type Steps = {
  read<T>(work: (session: Session) => Promise<T>): Promise<T>;
  write<T>(work: (session: Session) => Promise<T>): Promise<T>;
};

const begin = prepare((p: { id: UploadId; atMs: number }) =>
  tables.insertInto('uploads').values({ id: p.id, started_at_ms: p.atMs }),
);
const isAttached = prepare((p: { id: UploadId }) =>
  tables.selectFrom('secret_versions').select('secret_id').where('upload_id', '=', p.id),
);
const append = prepare((p: { id: UploadId; sequence: number; bytes: Uint8Array }) =>
  tables.insertInto('upload_chunks').values({ upload_id: p.id, sequence: p.sequence, bytes: p.bytes }),
);
const remove = prepare((p: { id: UploadId }) => tables.deleteFrom('uploads').where('id', '=', p.id));
const exists = prepare((p: { id: UploadId }) =>
  tables.selectFrom('uploads').select('id').where('id', '=', p.id),
);
const nextChunk = prepare((p: { id: UploadId; after: number }) =>
  tables
    .selectFrom('upload_chunks')
    .select(['sequence', 'bytes'])
    .where('upload_id', '=', p.id)
    .where('sequence', '>', p.after)
    .orderBy('sequence')
    .limit(1),
);
const removeUnattached = prepare(() =>
  tables
    .deleteFrom('uploads')
    .where('id', 'not in', (query) =>
      query
        .selectFrom('secret_versions')
        .select('upload_id')
        .where('upload_id', 'is not', null)
        .$narrowType<{ upload_id: UploadId }>(),
    ),
);

/** `EnvelopeUploads`, each step a transaction of its own. */
export class SqliteUploads implements EnvelopeUploads {
  readonly #steps: Steps;

  constructor(steps: Steps) {
    this.#steps = steps;
  }

  async begin(id: UploadId, atMs: number): Promise<void> {
    await this.#steps.write(async (session) => session.run(begin({ id, atMs })));
  }

  async append(id: UploadId, sequence: number, chunk: Uint8Array): Promise<void> {
    await this.#steps.write(async (session) => {
      invariant(
        session.first(isAttached({ id })) === null,
        'an envelope that a version has is never extended',
      );
      session.run(append({ id, sequence, bytes: chunk }));
    });
  }

  async abandon(id: UploadId): Promise<void> {
    await this.#steps.write(async (session) => {
      if (session.first(isAttached({ id })) === null) session.run(remove({ id }));
    });
  }

  async *read(id: UploadId): AsyncIterable<Uint8Array> {
    for (let after = -1; ;) {
      const chunk = await this.#steps.read(async (session) => {
        const next = session.first(nextChunk({ id, after }));
        // Without this, a secret that is deleted meanwhile would look like a shorter envelope.
        if (next === null && session.first(exists({ id })) === null) throw gone();
        return next;
      });
      if (chunk === null) return;
      yield chunk.bytes;
      after = chunk.sequence;
    }
  }

  async removeUnattached(): Promise<number> {
    return this.#steps.write(async (session) => session.run(removeUnattached({})));
  }
}

function gone(): AppError {
  return new AppError('not-found', { publicMessage: 'This file is not there any more.' });
}
