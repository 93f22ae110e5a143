// The inside of a sealed message: a JSON header and any number of byte strings, so that values need no base64 within JSON.
// Layout, lengths as u32 big endian: [header length][header][count][length of each value][values]. Nothing may follow.
// The same code in Node and in browsers.
import { invariant } from '@sallyport/core';
import { utf8 } from './encoding.ts';
import { sealedMessageRejected } from './rejections.ts';

const LENGTH_BYTES = 4;

/** Packs `header` (anything JSON can carry) and `values`. */
export function encodeContent(header: unknown, values: readonly Uint8Array[]): Uint8Array {
  const json = JSON.stringify(header) as string | undefined;
  invariant(json !== undefined, 'a content header is JSON');
  const headerBytes = utf8(json);
  const frame = LENGTH_BYTES * (2 + values.length) + headerBytes.length;
  const content = new Uint8Array(values.reduce((total, value) => total + value.length, frame));
  const view = new DataView(content.buffer);
  let offset = 0;
  const putLength = (length: number): void => {
    view.setUint32(offset, length);
    offset += LENGTH_BYTES;
  };
  const put = (bytes: Uint8Array): void => {
    content.set(bytes, offset);
    offset += bytes.length;
  };
  putLength(headerBytes.length);
  put(headerBytes);
  putLength(values.length);
  for (const value of values) putLength(value.length);
  for (const value of values) put(value);
  return content;
}

/**
 * Unpacks what `encodeContent` packed; `values` are views on `bytes` and of its kind, not copies. The header is not checked beyond
 * being JSON.
 * @throws {sealed-message-rejected} when anything is cut off, left over or not JSON.
 */
export function decodeContent<B extends Uint8Array>(bytes: B): { header: unknown; values: B[] } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let offset = 0;
  const take = (length: number): B => {
    if (length > bytes.length - offset) throw sealedMessageRejected();
    offset += length;
    return bytes.subarray(offset - length, offset) as B;
  };
  const takeLength = (): number => {
    if (bytes.length - offset < LENGTH_BYTES) throw sealedMessageRejected();
    offset += LENGTH_BYTES;
    return view.getUint32(offset - LENGTH_BYTES);
  };
  const header = parseHeader(take(takeLength()));
  const count = takeLength();
  // Before any list of that length is made: a forged count must not cost memory.
  if (count > (bytes.length - offset) / LENGTH_BYTES) throw sealedMessageRejected();
  const lengths = Array.from({ length: count }, takeLength);
  const values = lengths.map(take);
  if (offset !== bytes.length) throw sealedMessageRejected();
  return { header, values };
}

function parseHeader(json: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(json));
  } catch {
    throw sealedMessageRejected();
  }
}
