// Reads through the delegate on the same host. Needs no sealing and no server within reach, as far as the secret's availability allows.
// Usage: local-endpoint.ts SECRET, with SALLYPORT_LOCAL=http://127.0.0.1:7271 or unix:/path
import { localEndpoint, openSecrets } from '@sallyport/sdk';

const [secret = ''] = process.argv.slice(2);
const secrets = openSecrets(
  localEndpoint({
    address: process.env['SALLYPORT_LOCAL'] ?? 'http://127.0.0.1:7271',
    token: process.env['SALLYPORT_TOKEN'] ?? null,
    purpose: 'example local-endpoint',
  }),
);
const { version, value } = await secrets.read(secret);
console.log(`version ${version}, ${value.byteLength} bytes`);
secrets.close();
