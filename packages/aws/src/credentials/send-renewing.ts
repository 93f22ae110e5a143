// Sends a request, and once more with renewed credentials when AWS says that the session has expired. The SDK does neither: it
// serves credentials until their announced expiry and does not retry this error.
import { isExpiredSession } from '../failure/aws-error.ts';
import type { StableCredentials } from './stable-credentials.ts';

/**
 * @throws what `send` throws
 * @throws what getting credentials throws, before anything is sent
 */
export async function sendRenewing<T>(credentials: StableCredentials, send: () => Promise<T>): Promise<T> {
  const used = await credentials.current();
  try {
    return await send();
  } catch (thrown) {
    if (!isExpiredSession(thrown)) throw thrown;
    const renewed = await credentials.replace(used);
    if (renewed === used) throw thrown;
    return send();
  }
}
