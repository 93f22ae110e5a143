// Addresses of OpenID providers and token issuers. What they say decides who gets in, so it has to come over TLS; only on this machine may
// it come without.
import { isIP } from 'node:net';
import { AppError } from '@sallyport/core';

/**
 * Checks the address of an issuer, as an administrator gives it.
 * @returns the address as it was given: tokens are compared with it letter by letter
 * @throws {invalid-request}
 */
export function checkIssuerUrl(text: string): string {
  const url = URL.parse(text);
  if (url === null || !isTrustworthy(url)) {
    throw new AppError('invalid-request', {
      publicMessage:
        'The address of an issuer begins with https://; http:// is for this machine only (localhost, 127.0.0.1, [::1]).',
    });
  }
  const { username, password, search, hash } = url;
  if (username + password + search + hash !== '' || /[\s?#]/.test(text)) {
    throw new AppError('invalid-request', {
      publicMessage: 'The address of an issuer has no user, query or fragment.',
    });
  }
  return text;
}

/** Whether an address is https, or http on this machine. */
export function isTrustworthy(url: URL): boolean {
  return url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname));
}

/** Where an issuer says what it is (OpenID Connect Discovery 1.0, section 4). */
export function discoveryUrl(issuer: string): URL {
  return new URL(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`);
}

function isLoopback(hostname: string): boolean {
  if (hostname === 'localhost' || hostname === '[::1]') return true;
  return isIP(hostname) === 4 && hostname.startsWith('127.');
}
