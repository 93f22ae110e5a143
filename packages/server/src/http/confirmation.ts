// Confirmation of changes with wide effects. A preview tells what would happen and gives a token over exactly that; the change works its
// effects out again, inside its own transaction, and goes on only with a token over the same ones. So what happens is what was shown.
import { timingSafeEqual } from 'node:crypto';
import { AppError } from '@sallyport/core';
import type { RootKey } from '../root-key/root-key.ts';

/** What somebody confirms. */
export type Confirmable = {
  /** Name of the operation, e.g. `deleteApplication`. */
  operation: string;
  /** Id of what it is done to. */
  target: string;
  /** What it would do; plain JSON whose order of fields is fixed by the code. */
  effect: unknown;
};

const TOKEN_BYTES = 24;

export class Confirmations {
  readonly #rootKey: RootKey;

  constructor(rootKey: RootKey) {
    this.#rootKey = rootKey;
  }

  /** The token for exactly this. It is no secret: it only proves that whoever has it was shown the effect. */
  token(confirmable: Confirmable): string {
    const text = JSON.stringify([confirmable.operation, confirmable.target, confirmable.effect]);
    return this.#rootKey.mac('confirmation', text).subarray(0, TOKEN_BYTES).toString('base64url');
  }

  /**
   * @param given the caller's token; null when there is none
   * @throws {confirmation-required} with `data.preview` (the effect) and `data.confirmationToken`
   */
  require(given: string | null, confirmable: Confirmable): void {
    const wanted = Buffer.from(this.token(confirmable));
    const got = Buffer.from(given ?? '');
    if (got.length === wanted.length && timingSafeEqual(got, wanted)) return;
    throw new AppError('confirmation-required', {
      publicMessage:
        given === null
          ? 'This has effects that need to be confirmed.'
          : 'What was confirmed is not what would happen now. Look at the effects again.',
      data: { preview: confirmable.effect, confirmationToken: wanted.toString() },
    });
  }
}
