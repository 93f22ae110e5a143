// Keeps other sites from acting with a browser's session. SameSite=Strict alone trusts every host of the same site and old browsers; here
// the browser has to say that its page is one of this server's own.
import type { IncomingMessage } from 'node:http';
import { AppError } from '@sallyport/core';

const SAFE_METHODS = new Set(['GET', 'HEAD']);

/**
 * Checks a request that changes something, or says that it does.
 * @param expected.carriesSession it comes with a session cookie that would count: then it has to say where it is from. Otherwise it may
 * keep silent, as programs do, but if it names another site it is refused too: a foreign page must not sign a browser in.
 * @param expected.publicUrl the address that people use
 * @throws {forbidden}
 */
export function requireSameOrigin(
  request: IncomingMessage,
  expected: { carriesSession: boolean; publicUrl: string },
): void {
  if (SAFE_METHODS.has(request.method ?? '')) return;
  const site = request.headers['sec-fetch-site'];
  const { origin } = request.headers;
  if (site !== undefined) {
    // `none` is a person at the address bar, who sends nothing but GET.
    if (site !== 'same-origin') throw crossSite();
  } else if (origin !== undefined) {
    if (!ownOrigins(request, expected.publicUrl).includes(origin)) throw crossSite();
  } else if (expected.carriesSession) throw crossSite();
}

/** The public address, and the one that the browser asked, with the scheme that it really used. */
function ownOrigins(request: IncomingMessage, publicUrl: string): string[] {
  const scheme = 'encrypted' in request.socket ? 'https' : 'http';
  const asked = `${scheme}://${request.headers.host ?? ''}`;
  return [publicUrl, asked].filter((url) => URL.canParse(url)).map((url) => new URL(url).origin);
}

function crossSite(): AppError {
  return new AppError('forbidden', {
    publicMessage:
      'A request with a session has to come from a page of this server, and this one does not say so. Programs use an API key instead.',
  });
}
