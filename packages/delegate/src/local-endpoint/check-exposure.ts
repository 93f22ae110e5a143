// Judges where a local endpoint is to listen: what the network can reach needs TLS, and a name to be called by.
import { AppError } from '@sallyport/core';
import type { ListenAddress } from './listen-address.ts';
import type { TlsFiles } from './tls-files.ts';

/** Settings that would let the network in without TLS, or answer to nobody. @throws {config-invalid} */
export function checkExposure(
  addresses: readonly ListenAddress[],
  options: { hosts: readonly string[]; tls: TlsFiles | null },
): void {
  const exposed = addresses.find(needsTls);
  if (exposed === undefined) return;
  if (options.tls === null) {
    throw invalid(
      `The local endpoint ${printed(exposed)} is not on loopback, so it needs TLS.`,
      'Give --local-tls-cert and --local-tls-key, or listen on 127.0.0.1 or a Unix socket.',
    );
  }
  if (options.hosts.length > 0) return;
  throw invalid(
    `The local endpoint ${printed(exposed)} is not on loopback, and no host name is allowed for it.`,
    'Give the name by which programs call it with --local-host, e.g. sallyport.secrets.svc.',
  );
}

/** Whatever the network can reach. */
export function needsTls(address: ListenAddress): address is Extract<ListenAddress, { kind: 'tcp' }> {
  return address.kind === 'tcp' && !address.isLoopback;
}

function printed({ host, port }: { host: string; port: number }): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

function invalid(publicMessage: string, hint: string): AppError {
  return new AppError('config-invalid', { publicMessage, data: { hint } });
}
