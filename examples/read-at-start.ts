// Takes everything that a program needs in one call, under the program's own names, and does not start without it.
// Usage: read-at-start.ts PASSWORD-SECRET API-KEY-SECRET
import { createClient, isAppError, openSecrets } from '@sallyport/sdk';

const [passwordSecret = '', apiKeySecret = ''] = process.argv.slice(2);
const secrets = openSecrets(
  createClient({
    address: process.env['SALLYPORT_ADDR'] ?? 'http://127.0.0.1:8200',
    token: process.env['SALLYPORT_TOKEN'] ?? '',
    purpose: 'example read-at-start',
  }),
);

try {
  const { password, apiKey } = await secrets.resolve({ password: passwordSecret, apiKey: apiKeySecret });
  // Here a program would connect to its database. Values do not belong into its output.
  console.log(`ready: a password of ${password.length} characters, an API key of ${apiKey.length}`);
} catch (error) {
  if (!isAppError(error)) throw error;
  console.error(`cannot start: ${error.publicMessage} (${error.code})`);
  process.exitCode = 1;
} finally {
  secrets.close();
}
