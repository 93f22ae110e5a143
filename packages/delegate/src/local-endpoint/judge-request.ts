// What a request must not be to be answered at all, whoever asks: passed on by a proxy, sent by a web page, or meant for another host.
// A proxy would make a caller on this host of whoever reaches it; a web page would use the browser of somebody who sits here.
import type { IncomingHttpHeaders } from 'node:http';
import { isIPv4 } from 'node:net';
import { AppError } from '@sallyport/core';

/** Hosts that a request may name; null: any, since nothing but a program on this host reaches a Unix socket. */
export type AllowedHosts = {
  isLoopback: boolean;
  /** Of this listener; loopback names must come with it. */
  port: number;
  /** Further names, in lower case, with any port: a service may have another one than its pods. */
  names: ReadonlySet<string>;
} | null;

const FORWARDED = new Set(['forwarded', 'via', 'x-real-ip', 'x-client-ip', 'true-client-ip']);
const FORWARDED_PREFIX = 'x-forwarded-';
const BROWSER_PREFIX = 'sec-fetch-';

/**
 * @throws {forbidden} when the request was passed on or comes from a web page
 * @throws {invalid-request} when it names another host
 */
export function judgeRequest(headers: IncomingHttpHeaders, hosts: AllowedHosts): void {
  for (const name in headers) {
    if (name === 'origin' || (name.startsWith(BROWSER_PREFIX) && !isOfNode(name, headers))) {
      throw refused(
        `comes from a web page (header ${name})`,
        'Programs call this endpoint; web pages have the server.',
      );
    }
    if (name.startsWith(FORWARDED_PREFIX) || FORWARDED.has(name)) {
      throw refused(
        `was passed on by a proxy (header ${name})`,
        'Call the endpoint directly, from the host or pod of the delegate.',
      );
    }
  }
  if (hosts === null || isAllowedHost(headers.host ?? '', hosts)) return;
  throw new AppError('invalid-request', {
    publicMessage: 'The request names a host that this endpoint does not answer for.',
    data: {
      hint: 'Use the address that the delegate listens on; further host names are given to it with --local-host.',
    },
  });
}

function isAllowedHost(host: string, hosts: NonNullable<AllowedHosts>): boolean {
  const match = /^(\[[0-9a-f:.]+\]|[^:[\]]+)(?::(\d+))?$/i.exec(host);
  const name = match?.[1]?.toLowerCase() ?? '';
  if (hosts.names.has(name)) return true;
  const port = Number(match?.[2] ?? '80');
  if (port !== hosts.port || !hosts.isLoopback) return false;
  return name === 'localhost' || name === '[::1]' || (isIPv4(name) && name.startsWith('127.'));
}

/** The `fetch` of Node sends this one header of a browser's, and always so; a browser never sends it without the others. */
function isOfNode(name: string, headers: IncomingHttpHeaders): boolean {
  return name === 'sec-fetch-mode' && headers['sec-fetch-mode'] === 'cors';
}

function refused(how: string, hint: string): AppError {
  return new AppError('forbidden', { publicMessage: `The request ${how}.`, data: { hint } });
}
