// The client of a web page: fetch with the session cookie of its own server, and WebCrypto. What reads and writes values is loaded when the
// first value is read or written: most pages only list things.
import { AppError } from '@sallyport/core';
import { webSealing } from '../delegates/web-sealing.ts';
import { callerOver, headersWith } from '../http/call.ts';
import { fetchTransport } from '../http/fetch-transport.ts';
import { UNCHECKED_ROUTES } from '../http/route-rows.ts';
import { checkStrict } from './check-strict.ts';
import type { Client, ClientOptions, Ports } from './create-client.ts';

export type BrowserClientOptions = Pick<
  ClientOptions,
  | 'knownDelegates'
  | 'strict'
  | 'onDelegateRemembered'
  | 'onDelegateRefused'
  | 'maxAttempts'
  | 'deadlineMs'
  | 'idleTimeoutMs'
> & {
  /** The server that the page is from, e.g. `https://sallyport.example.com`; a path behind a proxy included. */
  address: string;
};

/** A client that acts with the session of the signed-in person. Nothing here reads or keeps a credential. */
export function createBrowserClient({ address, ...options }: BrowserClientOptions): Client {
  const transport = fetchTransport({
    address: address.replace(/\/+$/, ''),
    idleTimeoutMs: options.idleTimeoutMs ?? 120_000,
  });
  const ports = { transport, sealing: webSealing, routes: UNCHECKED_ROUTES };
  return lazyClientOver(ports, { ...options, token: null });
}

/** As `clientOver`, with the code for values loaded when it is needed. */
export function lazyClientOver(
  ports: Ports,
  options: Omit<ClientOptions, 'address'> & { token: string | null },
): Client {
  checkStrict(options);
  const { transport } = ports;
  const tokenNow = async (): Promise<string | null> => Promise.resolve(options.token);
  const call = callerOver(ports, headersWith({ tokenNow, purpose: options.purpose ?? null }));
  let loading: Promise<Client> | null = null;
  const whole = async (): Promise<Client> => {
    loading ??= import('./create-client.ts').then(({ clientOver }) => clientOver(ports, options));
    // A page that could not load its code tries again the next time.
    loading.catch(() => {
      loading = null;
    });
    return loading;
  };
  return {
    address: transport.address,
    call,
    get: async (...given) => (await whole()).get(...given),
    getBytes: async (...given) => (await whole()).getBytes(...given),
    resolve: async (...given) => (await whole()).resolve(...given),
    resolveEach: async (...given) => (await whole()).resolveEach(...given),
    usable: async (...given) => (await whole()).usable(...given),
    download: async (...given) => (await whole()).download(...given),
    set: async (...given) => (await whole()).set(...given),
    upload: async (...given) => (await whole()).upload(...given),
    async *list(...given) {
      yield* (await whole()).list(...given);
    },
    describe: async (...given) => (await whole()).describe(...given),
    edit: async (...given) => (await whole()).edit(...given),
    remove: async (...given) => (await whole()).remove(...given),
    async *envelopes(...given) {
      yield* (await whole()).envelopes(...given);
    },
    close: () => transport.close(),
  };
}

/**
 * What this browser lacks for sealing, in words; `null`: nothing.
 * WebCrypto exists only on pages that came over https, or from this machine.
 */
export async function sealingObstacle(): Promise<AppError | null> {
  if (typeof crypto === 'undefined' || (crypto.subtle as SubtleCrypto | undefined) === undefined) {
    return new AppError('config-invalid', {
      publicMessage:
        'This page came over plain http, and browsers lend their cryptography only to pages that came over https.',
      data: {
        hint: 'Open it by its https address. Values are sealed in the browser, so it cannot do without.',
      },
    });
  }
  try {
    await crypto.subtle.generateKey('X25519', false, ['deriveBits']);
    await crypto.subtle.generateKey('Ed25519', false, ['sign', 'verify']);
    return null;
  } catch {
    return new AppError('config-invalid', {
      publicMessage: 'This browser cannot seal values: it has no X25519 or no Ed25519.',
      data: { hint: 'Chrome and Edge have them from version 137, Firefox from 130, Safari from 17.' },
    });
  }
}
