// The faults of not getting an answer from the server, worded for a person: which address, what went wrong, what to look at.
import { AppError } from '@sallyport/core';

const CAUSES: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there (connection refused)',
  ENOTFOUND: 'the host name is not known',
  EAI_AGAIN: 'the host name could not be looked up',
  ECONNRESET: 'the connection was closed before an answer came',
  EPIPE: 'the connection was closed before an answer came',
  EHOSTUNREACH: 'there is no route to that host',
  ENETUNREACH: 'there is no route to that network',
  ETIMEDOUT: 'the connection timed out',
  HPE_INVALID_CONSTANT: 'what listens there does not speak HTTP; is it https?',
  EPROTO: 'what listens there does not speak TLS; is it http?',
  ERR_SSL_WRONG_VERSION_NUMBER: 'what listens there does not speak TLS; is it http?',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'what listens there does not speak TLS; is it http?',
  CERT_HAS_EXPIRED: 'its TLS certificate has expired',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its TLS certificate is for another host name',
};
const UNKNOWN_AUTHORITY = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);
// Failures of looking up, routing, connecting and TLS: the request itself was never sent.
const NOTHING_SENT =
  /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|CERT_|ERR_TLS_|ERR_SSL_|EPROTO)/;

/**
 * The error for a connection that failed. `data.requestSent` says whether the request may have arrived;
 * `data.staleConnection` says that a kept-alive connection turned out to be closed, which a second try cures.
 */
export function unreachable(
  address: string,
  failure: { cause: unknown; reusedConnection: boolean },
): AppError {
  const { cause, reusedConnection } = failure;
  const code = codeOf(cause);
  const authority = UNKNOWN_AUTHORITY.has(code);
  const why = authority
    ? 'its TLS certificate is from an authority that this machine does not know'
    : (CAUSES[code] ?? (code === '' ? 'the connection failed' : `the connection failed (${code})`));
  const closed = code === 'ECONNRESET' || code === 'EPIPE';
  return new AppError('unreachable', {
    publicMessage: `Could not reach the server at ${address}: ${why}.`,
    data: {
      address,
      requestSent: !authority && !NOTHING_SENT.test(code),
      ...(closed && reusedConnection ? { staleConnection: true } : {}),
      ...(authority ? { hint: "Name the authority's certificate with --ca-file or SALLYPORT_CA_FILE." } : {}),
    },
    cause,
  });
}

/** The error for a connection that did not come about in time. */
export function connectTimedOut(address: string, afterMs: number): AppError {
  return new AppError('unreachable', {
    publicMessage: `Could not reach the server at ${address}: no connection within ${afterMs / 1000} s.`,
    data: { address, requestSent: false },
  });
}

/** The error for a connection on which nothing more happened. */
export function idleTimedOut(address: string, afterMs: number): AppError {
  return new AppError('unreachable', {
    publicMessage: `The server at ${address} did not answer: nothing happened for ${afterMs / 1000} s.`,
    data: { address, requestSent: true },
  });
}

/** The error for an answer that ended before it was whole. */
export function brokenOff(address: string, cause: unknown): AppError {
  return new AppError('unreachable', {
    publicMessage: `The answer of the server at ${address} broke off before it was whole.`,
    data: { address, requestSent: true },
    cause,
  });
}

/** The error for an answer above what was ready to be read. */
export function tooLong(address: string, maxBytes: number): AppError {
  return new AppError('unreachable', {
    publicMessage: `The server at ${address} answered with more than ${maxBytes} bytes.`,
    retryable: false,
    data: { address, requestSent: true },
  });
}

/** The error for an answer that no Sallyport server gives. */
export function notSallyport(address: string, what: { status: number; location: string | null }): AppError {
  const redirected = what.location !== null && what.status >= 300 && what.status < 400;
  return new AppError('unreachable', {
    publicMessage: `What answered at ${address} is not a Sallyport server (status ${what.status}).`,
    // The API key is never sent to where a redirect points: that may be anybody's host.
    retryable: what.status >= 500,
    data: {
      address,
      requestSent: true,
      hint: redirected
        ? `It redirects to ${printable(what.location ?? '')}. If that is your server, use its address.`
        : 'Check the address, and any proxy between here and the server.',
    },
  });
}

function codeOf(cause: unknown): string {
  return cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? cause.code : '';
}

function printable(text: string): string {
  return text.replaceAll(/[^\x20-\x7e]/g, '?').slice(0, 200);
}
