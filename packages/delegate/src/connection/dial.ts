// Opens the one outbound socket to the server. TLS is checked as Node checks it, with the operator's CA file beside the usual
// certificates; there is no switch to skip the check.
import { readFile } from 'node:fs/promises';
import { getCACertificates } from 'node:tls';
import { WebSocket } from 'ws';
import { AppError } from '@sallyport/core';
import { SOCKET_FRAME_MAX_BYTES } from '@sallyport/protocol';

/** Starts connecting; the socket emits `open` or `error`. */
export type Dial = () => WebSocket;

const HANDSHAKE_TIMEOUT_MS = 15_000;

/**
 * Reads the CA file once, and returns what dials.
 * @throws {config-invalid} when the CA file cannot be read or holds no certificate
 */
export async function prepareDial(options: { address: URL; caFile: string | null }): Promise<Dial> {
  const ca = options.caFile === null ? undefined : await readCa(options.caFile);
  return () =>
    new WebSocket(options.address, {
      maxPayload: SOCKET_FRAME_MAX_BYTES,
      handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
      // Sealed messages and envelopes do not compress.
      perMessageDeflate: false,
      followRedirects: false,
      ...(ca === undefined ? {} : { ca }),
    });
}

async function readCa(path: string): Promise<string[]> {
  let pem: string;
  try {
    pem = await readFile(path, 'utf8');
  } catch (thrown) {
    throw new AppError('config-invalid', {
      publicMessage: `The CA file ${path} cannot be read.`,
      cause: thrown,
    });
  }
  if (!pem.includes('-----BEGIN CERTIFICATE-----')) {
    throw new AppError('config-invalid', { publicMessage: `The CA file ${path} holds no PEM certificate.` });
  }
  return [...getCACertificates('default'), pem];
}
