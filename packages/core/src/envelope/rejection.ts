// The one way in which opening an envelope fails. Whoever asks learns that it does not open and nothing about why: a difference
// between causes is what padding-oracle attacks are made of. The cause goes into the internal message, for the operator's log.
import { AppError } from '../errors/app-error.ts';

const PUBLIC_MESSAGE =
  'The envelope does not open: it is damaged, or it belongs to another secret, version or secrets manager.';

/** An `envelope-rejected` error. `cause` is a constant text for the log: never a value out of the envelope. */
export function envelopeRejected(cause: string): AppError {
  return new AppError('envelope-rejected', {
    publicMessage: PUBLIC_MESSAGE,
    message: `envelope rejected: ${cause}`,
  });
}
