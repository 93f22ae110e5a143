// Looks at the way to the server, step by step, so that the first one that fails is named: name, connection, TLS, HTTP, and the clock.
import { lookup } from 'node:dns/promises';
import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { connect as connectTcp, isIP } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { PeerCertificate } from 'node:tls';
import { AppError } from '@sallyport/core';
import { parseAddress } from '@sallyport/sdk';
import type { ConnectionSettings } from '../config/connection-settings.ts';
import { failed, ok, warn } from './finding.ts';
import type { Finding } from './finding.ts';

type Way = Pick<ConnectionSettings, 'address' | 'caPem' | 'allowPlainHttp'>;
type Target = { url: URL; host: string; port: number; isTls: boolean; caPem: string | null };

const PATIENCE_MS = 5000;
const CERTIFICATE_SOON_MS = 30 * 86_400_000;
const SKEW_MAX_MS = 60_000;

/** @returns what was found; the last one is a `fail` if the server cannot be reached */
export async function checkNetwork({ address, caPem, allowPlainHttp }: Way): Promise<Finding[]> {
  const url = parseAddress(address, { allowPlainHttp });
  const isTls = url.protocol === 'https:';
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  const port = url.port === '' ? (isTls ? 443 : 80) : Number(url.port);
  const target = { url, host, port, isTls, caPem };
  const findings: Finding[] = [];
  for (const check of [checkName, checkConnection, checkTls, checkHttp]) {
    const found = await check(target);
    findings.push(...found);
    if (found.some(({ verdict }) => verdict === 'fail')) break;
  }
  return findings;
}

async function checkName({ host }: Target): Promise<Finding[]> {
  if (isIP(host) !== 0) return [];
  try {
    const found = await lookup(host, { all: true });
    return [ok('dns', `${host} is ${found.map(({ address }) => address).join(', ')}`)];
  } catch (cause) {
    const hint = 'Check the host name in the address, and the name servers of this machine.';
    return [failed('dns', unreached(`The host name ${host} cannot be looked up (${codeOf(cause)}).`, hint))];
  }
}

async function checkConnection({ host, port }: Target): Promise<Finding[]> {
  const socket = connectTcp({ host, port });
  try {
    await once(socket, 'connect', { signal: AbortSignal.timeout(PATIENCE_MS) });
    return [ok('tcp', `${host}:${port} accepts connections`)];
  } catch (cause) {
    const hint =
      'Check host and port, that the server runs, and what lies between: firewall, proxy, private network.';
    return [failed('tcp', unreached(`No connection to ${host}:${port} (${codeOf(cause)}).`, hint))];
  } finally {
    socket.destroy();
  }
}

async function checkTls({ host, port, isTls, caPem }: Target): Promise<Finding[]> {
  if (!isTls) {
    const isLocal = /^(localhost|127\.|::1)/.test(host);
    if (isLocal) return [ok('tls', 'none: plain http that does not leave this machine')];
    return [
      warn(
        'tls',
        'plain http: API keys cross the network in clear',
        'Have the server speak TLS, and use its https address.',
      ),
    ];
  }
  const socket = connectTls({
    host,
    port,
    // Judged below, so that what is wrong can be told together with what was shown.
    rejectUnauthorized: false,
    ...(isIP(host) === 0 ? { servername: host } : {}),
    ...(caPem === null ? {} : { ca: caPem }),
  });
  try {
    await once(socket, 'secureConnect', { signal: AbortSignal.timeout(PATIENCE_MS) });
    const certificate = socket.getPeerCertificate();
    const problem = socket.authorizationError as Error | string | null | undefined;
    return [
      certificateFinding(certificate, problem === null || problem === undefined ? null : codeOf(problem)),
    ];
  } catch (cause) {
    const hint = 'Check that the port speaks TLS, and that nothing in between breaks it open.';
    return [failed('tls', unreached(`No TLS with ${host}:${port} (${codeOf(cause)}).`, hint))];
  } finally {
    socket.destroy();
  }
}

function certificateFinding(certificate: PeerCertificate, problem: string | null): Finding {
  const { subject, issuer, valid_to: until } = certificate;
  const shown = `certificate of ${partOf(subject)}, issued by ${partOf(issuer)}, valid until ${until}`;
  if (problem !== null) {
    const hint =
      problem === 'CERT_HAS_EXPIRED'
        ? 'Renew the certificate.'
        : problem === 'ERR_TLS_CERT_ALTNAME_INVALID'
          ? 'Use the host name that the certificate is for, or have one issued for this host name.'
          : "Name the authority's certificate with --ca-file or SALLYPORT_CA_FILE.";
    return failed('tls', unreached(`The ${shown} is not accepted (${problem}).`, hint));
  }
  const leftMs = Date.parse(until) - Date.now();
  if (leftMs > CERTIFICATE_SOON_MS) return ok('tls', shown);
  return warn('tls', `${shown}: in ${Math.floor(leftMs / 86_400_000)} days`, 'Renew the certificate.');
}

/** The name of a person or host in it; a certificate may leave all of it out, whatever the types say. */
function partOf(name: Partial<PeerCertificate['subject']> | undefined): string {
  const [part] = [name?.CN ?? name?.O ?? 'nobody named'].flat();
  return part ?? 'nobody named';
}

/** Also what the server's clock says: sessions, offers and logins are judged by time. */
async function checkHttp(target: Target): Promise<Finding[]> {
  try {
    const sentAtMs = Date.now();
    const { status, date, body } = await get(target, '/readyz');
    const ownMs = (sentAtMs + Date.now()) / 2;
    const state = readinessIn(body);
    if (state === null) {
      const hint = 'Check the address, and the path if a proxy puts one in front.';
      return [
        failed('server', unreached(`What answers there (status ${status}) is not a Sallyport server.`, hint)),
      ];
    }
    const finding =
      status === 200
        ? ok('server', `ready, delegates connected: ${state.delegatesConnected}`)
        : failed(
            'server',
            new AppError('storage-unavailable', { publicMessage: 'The server cannot write to its storage.' }),
          );
    return [finding, clockFinding(date, ownMs)];
  } catch (cause) {
    const hint = 'See the log of the server, and of a proxy in between.';
    return [failed('server', unreached(`The server did not answer (${codeOf(cause)}).`, hint))];
  }
}

function clockFinding(date: string | null, ownMs: number): Finding {
  const theirMs = date === null ? NaN : Date.parse(date);
  if (Number.isNaN(theirMs))
    return warn('clock', 'the server does not tell the time', 'Look at a proxy in between.');
  // The header has whole seconds.
  const skewMs = theirMs + 500 - ownMs;
  const seconds = Math.round(Math.abs(skewMs) / 1000);
  if (Math.abs(skewMs) <= SKEW_MAX_MS) return ok('clock', `within ${Math.max(1, seconds)} s of the server's`);
  const which = skewMs > 0 ? 'behind' : 'ahead of';
  return warn(
    'clock',
    `this machine's clock is ${seconds} s ${which} the server's`,
    'Set the clock by NTP, here or there: logins, certificates and AWS signatures depend on it.',
  );
}

type Answer = { status: number; date: string | null; body: string };

async function get({ url, isTls, caPem }: Target, path: string): Promise<Answer> {
  const start = isTls ? httpsRequest : httpRequest;
  const prefix = url.pathname.replace(/\/$/, '');
  const request = start(new URL(prefix + path, url), {
    signal: AbortSignal.timeout(PATIENCE_MS),
    ...(caPem === null ? {} : { ca: caPem }),
  });
  request.end();
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  let body = '';
  for await (const part of response) {
    body += String(part);
    if (body.length > 65_536) break;
  }
  return { status: response.statusCode ?? 0, date: response.headers.date ?? null, body };
}

function readinessIn(body: string): { delegatesConnected: number } | null {
  try {
    const { delegatesConnected } = JSON.parse(body) as { delegatesConnected?: unknown };
    return typeof delegatesConnected === 'number' ? { delegatesConnected } : null;
  } catch {
    return null;
  }
}

function unreached(publicMessage: string, hint: string): AppError {
  return new AppError('unreachable', { publicMessage, data: { hint } });
}

function codeOf(cause: unknown): string {
  if (typeof cause === 'string') return cause;
  if (!(cause instanceof Error)) return 'unknown';
  if (cause.name === 'AbortError' || cause.name === 'TimeoutError')
    return `nothing within ${PATIENCE_MS / 1000} s`;
  return 'code' in cause && typeof cause.code === 'string' ? cause.code : cause.message;
}
