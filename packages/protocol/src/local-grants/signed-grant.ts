// Signs and checks grants. What is signed is the text that travels, so that nobody has to write the same JSON twice; the label keeps the
// signature from standing for anything else.
import { sign, verify } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { invariant } from '@sallyport/core';
import { LocalGrant } from '../delegate/local-reads.ts';
import type { SignedLocalGrant } from '../delegate/local-reads.ts';
import { decodeBase64url } from '../sealing/encoding.ts';

const LABEL = 'sallyport local grant v1';
const SIGNATURE_BYTES = 64;

/** @param privateKey Ed25519, the server's for grants */
export function signLocalGrant(grant: LocalGrant, privateKey: KeyObject): SignedLocalGrant {
  const text = JSON.stringify(grant);
  invariant(text.isWellFormed(), 'a grant is well-formed Unicode');
  return { text, signature: sign(null, signedBytes(text), privateKey).toString('base64url') };
}

/**
 * The grant, if the server signed exactly this text; null: it did not, or the text is no grant.
 * Whether it has expired, and whether it is for this delegate, caller and envelope, is for whoever uses it.
 * @param publicKey Ed25519, the server's for grants
 */
export function verifyLocalGrant(signed: SignedLocalGrant, publicKey: KeyObject): LocalGrant | null {
  const { text } = signed;
  const signature = decodeBase64url(signed.signature, SIGNATURE_BYTES);
  // A lone surrogate would be encoded like U+FFFD: two texts, one signature.
  if (signature === null || !text.isWellFormed()) return null;
  if (!verify(null, signedBytes(text), publicKey, signature)) return null;
  return readGrant(text);
}

function readGrant(text: string): LocalGrant | null {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return null;
  }
  const parsed = LocalGrant.safeParse(json);
  return parsed.success ? parsed.data : null;
}

function signedBytes(text: string): Buffer {
  return Buffer.from(`${LABEL}\0${text}`, 'utf8');
}
