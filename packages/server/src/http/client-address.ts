// Where a request comes from. What proxies say in X-Forwarded-For is believed only from those that the settings name, read from the right,
// since everything left of the first stranger is whatever that stranger chose to write. No other forwarding header is read.
import type { IncomingMessage } from 'node:http';
import { BlockList, isIP, isIPv4 } from 'node:net';

/** What is known of a client beyond who it is. */
export type ClientFacts = {
  /** Its IP address, IPv4 in its own form; `unknown` when the connection has ended already. */
  address: string;
  /** Its own words about itself, cut; null: it gave none. */
  userAgent: string | null;
};

const USER_AGENT_MAX_CHARACTERS = 200;
/** More hops than anybody has; longer lists are of somebody who plays. */
const HOPS_MAX = 32;
const V4_IN_V6 = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;

/** Whether an address is that of a proxy that is believed. */
export type TrustedProxies = (address: string) => boolean;

/** @param entries addresses and CIDR blocks, as `isProxyEntry` accepts them */
export function trustedProxies(entries: readonly string[]): TrustedProxies {
  // Nobody to look up: this runs for every request.
  if (entries.length === 0) return () => false;
  const list = new BlockList();
  for (const entry of entries) {
    const { address, prefix } = parseEntry(entry) ?? { address: '', prefix: 0 };
    if (prefix === null) list.addAddress(address, familyOf(address));
    else list.addSubnet(address, prefix, familyOf(address));
  }
  return (address) => isIP(address) !== 0 && list.check(address, familyOf(address));
}

/** Whether a text is an IP address or a CIDR block, e.g. `10.0.0.0/8`. */
export function isProxyEntry(text: string): boolean {
  return parseEntry(text) !== null;
}

/** @param isTrusted which proxies are believed */
export function clientFacts(request: IncomingMessage, isTrusted: TrustedProxies): ClientFacts {
  const peer = plainAddress(request.socket.remoteAddress ?? '') ?? 'unknown';
  const forwarded = request.headers['x-forwarded-for'];
  const text = Array.isArray(forwarded) ? forwarded.join(',') : (forwarded ?? '');
  const userAgent = request.headers['user-agent']?.replaceAll(/[^\x20-\x7e]/g, '?') ?? null;
  return {
    address: clientAddress(peer, { forwardedFor: text, isTrusted }),
    userAgent: userAgent?.slice(0, USER_AGENT_MAX_CHARACTERS) ?? null,
  };
}

/**
 * The address of the client behind trusted proxies.
 * @param peer the other end of the connection
 * @param from.forwardedFor the X-Forwarded-For header; empty: none
 */
export function clientAddress(
  peer: string,
  from: { forwardedFor: string; isTrusted: TrustedProxies },
): string {
  const hops = from.forwardedFor === '' ? [] : from.forwardedFor.split(',').slice(-HOPS_MAX);
  let address = peer;
  while (from.isTrusted(address)) {
    const next = hops.pop();
    const parsed = next === undefined ? null : plainAddress(next.trim());
    // What is no address was not written by a proxy that does its work; the proxy itself is the last that is known.
    if (parsed === null) break;
    address = parsed;
  }
  return address;
}

/**
 * What guesses are counted by: an IPv4 address, or the /64 network of an IPv6 address, all of which one customer of a provider has.
 */
export function addressBucket(address: string): string {
  if (isIP(address) !== 6) return address;
  const [head = '', tail] = address.split('::');
  const first = head === '' ? [] : head.split(':');
  const last = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros =
    tail === undefined ? [] : Array.from({ length: Math.max(0, 8 - first.length - last.length) }, () => '0');
  const groups = [...first, ...zeros, ...last].slice(0, 4);
  return `${groups.map((group) => Number.parseInt(group, 16).toString(16)).join(':')}::/64`;
}

/** Without port, brackets and the IPv6 form of IPv4; null: it is no address. */
function plainAddress(text: string): string | null {
  const bare = /^\[(.+)\](?::\d+)?$/.exec(text)?.[1] ?? /^(\d+\.\d+\.\d+\.\d+):\d+$/.exec(text)?.[1] ?? text;
  // The zone of a link-local address says something about this machine only.
  const address = V4_IN_V6.exec(bare)?.[1] ?? bare.split('%', 1)[0] ?? '';
  return isIP(address) === 0 ? null : address;
}

function parseEntry(text: string): { address: string; prefix: number | null } | null {
  const [given = '', prefix, ...more] = text.split('/');
  const address = prefix === undefined ? (V4_IN_V6.exec(given)?.[1] ?? given) : given;
  if (isIP(address) === 0 || address.includes('%') || more.length > 0) return null;
  if (prefix === undefined) return { address, prefix: null };
  const bits = /^\d{1,3}$/.test(prefix) ? Number(prefix) : NaN;
  return bits <= (isIPv4(address) ? 32 : 128) ? { address, prefix: bits } : null;
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIPv4(address) ? 'ipv4' : 'ipv6';
}
