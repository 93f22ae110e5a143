// Where a local endpoint listens, as people write it: `127.0.0.1:7271`, `[::1]:7271`, `0.0.0.0:7271`, `unix:/run/sallyport.sock`,
// `unix:/run/app/sallyport.sock?mode=0600&key-file=/etc/app/sallyport.key`.
import { isIP } from 'node:net';
import { isAbsolute } from 'node:path';
import { AppError } from '@sallyport/core';

/** A parsed address. */
export type ListenAddress =
  | {
      kind: 'tcp';
      host: string;
      /** 0: any free one. */
      port: number;
      isLoopback: boolean;
    }
  | {
      kind: 'unix';
      path: string;
      mode: number;
      /** Whoever may open the socket reads as this key; null: callers show keys of their own. */
      keyFile: string | null;
    };

const MODES = { '0600': 0o600, '0660': 0o660, '0666': 0o666 } as const;
/** What sockaddr_un holds on Linux and macOS, less the final zero. */
const SOCKET_PATH_MAX_BYTES = 103;

/** @throws {config-invalid} naming the text and what is wrong with it */
export function parseListenAddress(text: string): ListenAddress {
  return text.startsWith('unix:') ? parseUnix(text) : parseTcp(text);
}

/** 127.0.0.0/8 and ::1. */
export function isLoopbackAddress(host: string): boolean {
  return isIP(host) === 4 ? host.startsWith('127.') : host === '::1';
}

function parseTcp(text: string): ListenAddress {
  const match = /^(?:\[([0-9a-f:.]+)\]|([^:[\]]+)):(\d{1,5})$/i.exec(text);
  const named = match?.[1] ?? match?.[2] ?? '';
  // A hosts file may send the name anywhere; the address cannot be meant otherwise.
  const host = named.toLowerCase() === 'localhost' ? '127.0.0.1' : named;
  const port = Number(match?.[3] ?? Number.NaN);
  if (isIP(host) === 0 || !(port <= 65_535)) {
    throw invalid(text, 'it must be ADDRESS:PORT with an IP address, such as 127.0.0.1:7271, or unix:/PATH');
  }
  return { kind: 'tcp', host, port, isLoopback: isLoopbackAddress(host) };
}

function parseUnix(text: string): ListenAddress {
  const [path = '', query = ''] = text.slice('unix:'.length).split(/\?(.*)/s);
  if (!isAbsolute(path)) throw invalid(text, 'the path of the socket must begin with /');
  if (Buffer.byteLength(path) > SOCKET_PATH_MAX_BYTES) {
    throw invalid(text, `the path of the socket is longer than ${SOCKET_PATH_MAX_BYTES} bytes`);
  }
  const options = new URLSearchParams(query);
  for (const name of options.keys()) {
    if (name !== 'mode' && name !== 'key-file') throw invalid(text, `there is no option "${name}"`);
  }
  const keyFile = options.get('key-file');
  if (keyFile !== null && !isAbsolute(keyFile)) {
    throw invalid(text, 'the path of the key file must begin with /');
  }
  const modeText = options.get('mode') ?? '0600';
  if (!isMode(modeText)) throw invalid(text, `the mode must be one of ${Object.keys(MODES).join(', ')}`);
  const mode = MODES[modeText];
  if (mode === MODES['0666'] && keyFile !== null) {
    throw invalid(text, 'with a key file the mode is the credential, and 0666 would give it to everybody');
  }
  return { kind: 'unix', path, mode, keyFile };
}

function isMode(text: string): text is keyof typeof MODES {
  return Object.hasOwn(MODES, text);
}

function invalid(text: string, problem: string): AppError {
  return new AppError('config-invalid', {
    publicMessage: `The local endpoint "${text}" is not valid: ${problem}.`,
  });
}
