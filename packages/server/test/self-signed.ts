// A self-signed certificate for tests of TLS, made anew each time: no key is kept in the repository. Just enough of X.509 (RFC 5280)
// for localhost.
import { generateKeyPairSync, sign } from 'node:crypto';

function der(tag: number, ...contents: Uint8Array[]): Buffer {
  const content = Buffer.concat(contents);
  const { length } = content;
  const head =
    length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...head]), content]);
}

const sequence = (...contents: Uint8Array[]): Buffer => der(0x30, ...contents);
const utcTime = (text: string): Buffer => der(0x17, Buffer.from(text));

/** PEM texts of a certificate for `localhost` and of its private key. */
export function selfSigned(): { certificate: string; key: string } {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const algorithm = sequence(Buffer.from([0x06, 0x03, 0x2b, 0x65, 0x70]));
  const commonName = sequence(
    Buffer.from([0x06, 0x03, 0x55, 0x04, 0x03]),
    der(0x0c, Buffer.from('localhost')),
  );
  const name = sequence(der(0x31, commonName));
  const hosts = sequence(der(0x82, Buffer.from('localhost')));
  const extension = sequence(Buffer.from([0x06, 0x03, 0x55, 0x1d, 0x11]), der(0x04, hosts));
  const body = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, Buffer.from([1])),
    algorithm,
    name,
    sequence(utcTime('200101000000Z'), utcTime('491231235959Z')),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, sequence(extension)),
  );
  const signature = der(0x03, Buffer.from([0]), sign(null, body, privateKey));
  const base64 = sequence(body, algorithm, signature).toString('base64').replaceAll(/.{64}/g, '$&\n');
  return {
    certificate: `-----BEGIN CERTIFICATE-----\n${base64}\n-----END CERTIFICATE-----\n`,
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }),
  };
}
