// The local endpoint of a delegate: all its listeners, started and stopped together. Beyond loopback it speaks TLS only.
import type { Logger } from '../log/logger.ts';
import { needsTls } from './check-exposure.ts';
import { parseListenAddress } from './listen-address.ts';
import { LocalListener } from './local-listener.ts';
import type { EndpointServices } from './serve-request.ts';
import { readTlsFiles } from './tls-files.ts';
import type { TlsFiles, TlsTexts } from './tls-files.ts';

export type LocalEndpointOptions = {
  listen: readonly string[];
  hosts: readonly string[];
  tls: TlsFiles | null;
  maxConnections: number;
  logger: Logger;
};

/** How often the TLS files are looked at. */
const TLS_RENEWAL_MS = 60_000;

export class LocalEndpoint {
  /** As programs use them, e.g. `http://127.0.0.1:7271`. */
  readonly addresses: readonly string[];
  readonly #listeners: readonly LocalListener[];
  readonly #cancelRenewal: () => void;

  private constructor(parts: {
    addresses: readonly string[];
    listeners: readonly LocalListener[];
    cancelRenewal: () => void;
  }) {
    this.addresses = parts.addresses;
    this.#listeners = parts.listeners;
    this.#cancelRenewal = parts.cancelRenewal;
  }

  /** Listens on every address. @throws {config-invalid} when one of them is malformed or cannot be listened on */
  static async start(options: LocalEndpointOptions, services: EndpointServices): Promise<LocalEndpoint> {
    const addresses = options.listen.map(parseListenAddress);
    const { tls } = options;
    let texts = tls === null ? null : await readTlsFiles(tls);
    const hosts = new Set(options.hosts.map((host) => host.toLowerCase()));
    const listeners: LocalListener[] = [];
    const listening: string[] = [];
    try {
      for (const address of addresses) {
        const { maxConnections } = options;
        const listener = new LocalListener(
          { address, hosts, tls: needsTls(address) ? texts : null, maxConnections },
          services,
        );
        listening.push(await listener.listen());
        listeners.push(listener);
      }
    } catch (thrown) {
      await Promise.all(listeners.map(async (listener) => listener.close()));
      throw thrown;
    }
    const look = async (files: TlsFiles): Promise<void> => {
      const renewed = await readTlsFiles(files);
      if (isSame(renewed, texts)) return;
      texts = renewed;
      for (const listener of listeners) listener.renewTls(renewed);
      options.logger.info('the local endpoint uses a renewed certificate');
    };
    return new LocalEndpoint({
      addresses: listening,
      listeners,
      cancelRenewal: tls === null ? () => undefined : every(services, async () => look(tls), options.logger),
    });
  }

  async close(): Promise<void> {
    this.#cancelRenewal();
    await Promise.all(this.#listeners.map(async (listener) => listener.close()));
  }
}

function isSame(a: TlsTexts, b: TlsTexts | null): boolean {
  return b !== null && a.cert === b.cert && a.key === b.key;
}

function every({ time }: EndpointServices, work: () => Promise<void>, logger: Logger): () => void {
  let cancel: () => void = () => undefined;
  const schedule = (): void => {
    cancel = time.after(TLS_RENEWAL_MS, () => {
      schedule();
      work().catch(() =>
        logger.warn('the TLS files of the local endpoint cannot be read; the ones before stay'),
      );
    });
  };
  schedule();
  return () => cancel();
}
