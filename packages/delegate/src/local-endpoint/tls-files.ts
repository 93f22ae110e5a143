// Certificate and key of a local endpoint beyond loopback, read again when they are renewed.
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { AppError } from '@sallyport/core';
import { codeOf, readGivenFile } from '../data-folder/private-file.ts';

/** Paths of two PEM files. */
export type TlsFiles = { certificate: string; key: string };

/** PEM texts. */
export type TlsTexts = { cert: string; key: string };

/** @throws {config-invalid} when one of them cannot be read, the key may be used by others, or they do not belong together */
export async function readTlsFiles(files: TlsFiles): Promise<TlsTexts> {
  const cert = await readCertificate(files.certificate);
  const keyBytes = await readGivenFile(files.key);
  if (keyBytes === null) throw invalid(files.key, 'does not exist');
  const key = keyBytes.toString('utf8');
  if (!belongTogether(cert, key)) throw invalid(files.key, `is not the private key of ${files.certificate}`);
  return { cert, key };
}

async function readCertificate(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (thrown) {
    throw invalid(path, `cannot be read (${codeOf(thrown) ?? 'unknown reason'})`);
  }
}

function belongTogether(cert: string, key: string): boolean {
  try {
    return new X509Certificate(cert).checkPrivateKey(createPrivateKey(key));
  } catch {
    return false;
  }
}

function invalid(path: string, problem: string): AppError {
  return new AppError('config-invalid', {
    publicMessage: `The TLS file ${path} of the local endpoint ${problem}.`,
  });
}
