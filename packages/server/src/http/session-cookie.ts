// The session cookie: how a browser carries a session. Scripts cannot read it, other sites cannot have it sent along, and with TLS its name
// keeps other hosts of the domain, and plain HTTP, from setting it (RFC 6265bis, "__Host-").
import type { IncomingMessage, ServerResponse } from 'node:http';

/** The cookie of one request, as handlers see it: what came, and what the answer is to carry. */
export type SessionCookie = {
  /** Its value, not looked up yet; null: none, or the request has an API key, which then counts alone. */
  readonly given: string | null;
  set(value: string): void;
  clear(): void;
};

/** With TLS between browser and server, or a proxy before it that speaks TLS. */
export const SECURE_COOKIE_NAME = '__Host-sallyport';
/** On plain HTTP, which the settings allow on this machine or on the user's own account. */
export const PLAIN_COOKIE_NAME = 'sallyport';

/** @param options.isSecure people reach the server by https */
export function sessionCookie(
  exchange: { request: IncomingMessage; response: ServerResponse },
  options: { isSecure: boolean },
): SessionCookie {
  const { request, response } = exchange;
  const { isSecure } = options;
  const name = isSecure ? SECURE_COOKIE_NAME : PLAIN_COOKIE_NAME;
  const attributes = `Path=/; HttpOnly; SameSite=Strict${isSecure ? '; Secure' : ''}`;
  return {
    given:
      request.headers.authorization === undefined ? readCookie(request.headers.cookie ?? '', name) : null,
    set: (value) => response.setHeader('set-cookie', `${name}=${value}; ${attributes}`),
    clear: () => response.setHeader('set-cookie', `${name}=; ${attributes}; Max-Age=0`),
  };
}

/** null when it is missing, empty, or there with different values: then somebody else has set one of them. */
export function readCookie(header: string, name: string): string | null {
  const values = new Set<string>();
  for (const pair of header.split(';')) {
    const equals = pair.indexOf('=');
    if (equals > 0 && pair.slice(0, equals).trim() === name) values.add(pair.slice(equals + 1).trim());
  }
  const [value] = values;
  return values.size === 1 && value !== undefined && value !== '' ? value : null;
}
