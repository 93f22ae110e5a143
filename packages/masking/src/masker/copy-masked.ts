// Everything from a source to an output, masked: what `run` and the `mask` filter do with each output of a program.
import type { Masker } from './create-masker.ts';
import type { MaskingStream } from './masking-stream.ts';

export type CopyOptions = {
  masker: Masker;
  /** E.g. the standard output of a child process. */
  source: AsyncIterable<Uint8Array>;
  /** Called with one piece after the other; the next one is read when it has resolved. */
  write: (bytes: Uint8Array) => Promise<unknown>;
  /** After so long without output, a short piece that is held back is shown; see `MaskingStream.idle`. 100 unless given. */
  idleAfterMs?: number;
};

/** Copies until the source ends. Whatever source or output fails with is thrown. */
export async function copyMasked({ masker, source, write, idleAfterMs = 100 }: CopyOptions): Promise<void> {
  // Made for the first piece: a masker takes some time for its first stream.
  let stream: MaskingStream | null = null;
  const release = async (bytes: Uint8Array): Promise<void> => {
    if (bytes.length > 0) await write(bytes);
  };
  const pieces = source[Symbol.asyncIterator]();
  try {
    for (;;) {
      const next = pieces.next();
      if (stream !== null && stream.heldBytes > 0 && (await isIdle(next, idleAfterMs)))
        await release(stream.idle());
      const piece = await next;
      if (piece.done === true) break;
      stream ??= masker.stream();
      await release(stream.push(piece.value));
    }
    if (stream !== null) await release(stream.flush());
  } catch (error) {
    await pieces.return?.();
    throw error;
  }
}

/** Whether nothing comes for so long. */
async function isIdle(next: Promise<unknown>, ms: number): Promise<boolean> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const idle = new Promise<true>((resolve) => {
    timer = setTimeout(() => resolve(true), ms);
  });
  const came = next.then(
    () => false,
    () => false,
  );
  try {
    return await Promise.race([came, idle]);
  } finally {
    clearTimeout(timer);
  }
}
