// Reads the golden vectors: envelopes as the first release wrote them, which every later one must open. Not a test itself.
import { readFileSync } from 'node:fs';
import type { EnvelopeFormat } from '@sallyport/core/envelope';

export type GoldenEnvelope = {
  name: string;
  format: EnvelopeFormat;
  /** Hex. */
  dataKey: string;
  /** Hex. */
  messageId: string;
  context: Record<string, string>;
  /** Provider info and ciphertext in base64. */
  encryptedDataKeys: { providerId: string; providerInfo: string; ciphertext: string }[];
  /** The raw-AES wrapping key (hex) of the data keys, where there is one. */
  rawAes: { namespace: string; name: string; wrappingKey: string } | null;
  /** The plaintext is `goldenPlaintext` of this length. */
  plaintextBytes: number;
  plaintextSha256: string;
  envelopeBytes: number;
  envelopeSha256: string;
  /** Base64; `null` for the large ones, which are known by their hash. */
  envelope: string | null;
};

/** All golden vectors. Read when asked for, since the script that wrote them shares the types of this file. */
export function readGoldenEnvelopes(): GoldenEnvelope[] {
  return JSON.parse(readFileSync(new URL('envelopes.json', import.meta.url), 'utf8')) as GoldenEnvelope[];
}

/** Bytes that look alike nowhere near each other, so that a swapped or doubled frame shows. */
export function goldenPlaintext(bytes: number): Buffer {
  const plaintext = Buffer.alloc(bytes);
  for (let at = 0; at < bytes; at += 1) plaintext[at] = (Math.imul(at, 2_654_435_761) >>> 13) & 0xff;
  return plaintext;
}
