// What a delegate signs with its identity key to prove that it holds it. Fixed label and length-prefixed fields, so that the
// signature can stand for nothing else.

/**
 * The bytes to sign.
 * @param fields.challenge the server's 32 random bytes
 * @param fields.identityKey raw Ed25519 public key, 32 bytes
 * @param fields.token the delegate token that is presented with it, or `null`
 */
export function challengeBytes(fields: {
  challenge: Uint8Array;
  identityKey: Uint8Array;
  token: string | null;
}): Uint8Array {
  const encoder = new TextEncoder();
  const parts = [
    encoder.encode('sallyport delegate challenge v1'),
    fields.challenge,
    fields.identityKey,
    encoder.encode(fields.token ?? ''),
  ];
  const out = new Uint8Array(parts.reduce((sum, part) => sum + 4 + part.length, 0));
  const view = new DataView(out.buffer);
  let offset = 0;
  for (const part of parts) {
    view.setUint32(offset, part.length);
    out.set(part, offset + 4);
    offset += 4 + part.length;
  }
  return out;
}
