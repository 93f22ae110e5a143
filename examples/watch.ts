// Goes on with the new value when a secret gets a new version. Ends after as many versions as it is told to see.
// Usage: watch.ts SECRET [VERSIONS]
import { createClient, openSecrets } from '@sallyport/sdk';

const [secret = '', versions = 'Infinity'] = process.argv.slice(2);
const secrets = openSecrets(
  createClient({
    address: process.env['SALLYPORT_ADDR'] ?? 'http://127.0.0.1:8200',
    token: process.env['SALLYPORT_TOKEN'] ?? '',
  }),
);

let left = Number(versions);
const onError = (error: Error): void => console.error(`goes on with what it has: ${error.message}`);
for await (const { version, value } of secrets.watch(secret, { everyMs: 1000, onError })) {
  // Here a program would open new connections with `value.text()` and let the old ones end.
  console.log(`version ${version}, ${value.byteLength} bytes`);
  left -= 1;
  if (left === 0) break;
}
secrets.close();
