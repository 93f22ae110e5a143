// Names the caller of a local read without its API key: in grants, and wherever a delegate keeps what a caller was granted. An API key
// has 256 random bits, so that a hash of it can be kept where the key must not.
import { hash } from 'node:crypto';

const LABEL = 'sallyport local caller v1';

/** SHA-256 of the label, a zero byte and the API key, in base64url. */
export function callerHashOf(apiKey: string): string {
  return hash('sha256', `${LABEL}\0${apiKey}`, 'base64url');
}
