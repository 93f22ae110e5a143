// Files on their way between this computer and a delegate: read piece by piece as they are sealed, put together as they are opened.
import type { Client, UploadBytes } from '@sallyport/sdk/browser';

/** The bytes of a file, from its beginning as often as asked. @param onRead told how many were read so far */
export function bytesOf(file: Blob, onRead: (bytes: number) => void): Extract<UploadBytes, () => unknown> {
  return async function* () {
    // By reader, since not every browser can iterate over a stream.
    const reader = file.stream().getReader();
    let read = 0;
    onRead(0);
    try {
      for (;;) {
        const next = await reader.read();
        if (next.done) return;
        read += next.value.length;
        onRead(read);
        yield next.value;
      }
    } finally {
      await reader.cancel().catch(() => undefined);
    }
  };
}

/**
 * A value as one piece that can be saved; it is there only when all of it was opened and found whole.
 * @param options.onRead told how many bytes came so far
 */
export async function readWhole(
  client: Client,
  reference: string,
  options: { onRead: (bytes: number) => void; signal: AbortSignal },
): Promise<Blob> {
  const download = await client.download(reference, { signal: options.signal });
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let read = 0;
  for await (const part of download) {
    // A copy: the piece itself may be a view on a buffer that is used again.
    parts.push(new Uint8Array(part));
    read += part.length;
    options.onRead(read);
  }
  return new Blob(parts, { type: 'application/octet-stream' });
}

const LINK_MS = 10_000;

/** Has the browser save it under this name. */
export function saveAs(content: Blob, name: string): void {
  const url = URL.createObjectURL(content);
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  // The browser takes hold of the content at its own pace.
  setTimeout(() => URL.revokeObjectURL(url), LINK_MS);
}
