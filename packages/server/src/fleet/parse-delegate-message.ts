// Text frames of a delegate's socket, parsed and checked. What a message means is not judged here.
import { DelegateMessage } from '@sallyport/protocol';

/** null: not JSON, or no message of the protocol. */
export function parseDelegateMessage(data: Buffer): DelegateMessage | null {
  const parsed = DelegateMessage.safeParse(parseJson(data));
  return parsed.success ? parsed.data : null;
}

function parseJson(data: Buffer): unknown {
  try {
    return JSON.parse(data.toString('utf8')) as unknown;
  } catch {
    return undefined;
  }
}
