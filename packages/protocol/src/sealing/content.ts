// The inside of a sealed message: a JSON header and any number of byte strings, so that values need no base64 within JSON.
// Layout, lengths as u32 big endian: [header length][header][count][length of each value][values]. Nothing may follow.
import { invariant } from '@sallyport/core';
import { utf8 } from './encoding.ts';
import { sealedMessageRejected } from './sealed-message.ts';

const LENGTH_BYTES = 4;

/** Packs `header` (anything JSON can carry) and `values`. */
export function encodeContent(header: unknown, values: readonly Uint8Array[]): Buffer {
  const json = JSON.stringify(header) as string | undefined;
  invariant(json !== undefined, 'a content header is JSON');
  const headerBytes = utf8(json);
  const frame = LENGTH_BYTES * (2 + values.length) + headerBytes.length;
  const content = Buffer.allocUnsafe(values.reduce((total, value) => total + value.length, frame));
  let offset = content.writeUInt32BE(headerBytes.length, 0);
  content.set(headerBytes, offset);
  offset = content.writeUInt32BE(values.length, offset + headerBytes.length);
  for (const value of values) offset = content.writeUInt32BE(value.length, offset);
  for (const value of values) {
    content.set(value, offset);
    offset += value.length;
  }
  return content;
}

/**
 * Unpacks what `encodeContent` packed; `values` are views on `bytes`, not copies. The header is not checked beyond being JSON.
 * @throws {sealed-message-rejected} when anything is cut off, left over or not JSON.
 */
export function decodeContent(bytes: Uint8Array): { header: unknown; values: Buffer[] } {
  const content = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let offset = 0;
  const take = (length: number): Buffer => {
    if (length > content.length - offset) throw sealedMessageRejected();
    offset += length;
    return content.subarray(offset - length, offset);
  };
  const takeLength = (): number => take(LENGTH_BYTES).readUInt32BE();
  const header = parseHeader(take(takeLength()));
  const count = takeLength();
  // Before any list of that length is made: a forged count must not cost memory.
  if (count > (content.length - offset) / LENGTH_BYTES) throw sealedMessageRejected();
  const lengths = Array.from({ length: count }, takeLength);
  const values = lengths.map(take);
  if (offset !== content.length) throw sealedMessageRejected();
  return { header, values };
}

function parseHeader(json: Buffer): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(json));
  } catch {
    throw sealedMessageRejected();
  }
}
