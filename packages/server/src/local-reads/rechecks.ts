// Tells the connected delegates that what the server confirmed before is to be asked for again: at once after a change, and at most ten
// times a second while changes go on.
import type { Clock } from '../clock.ts';
import type { ConnectedDelegates } from '../fleet/connected-delegates.ts';
import type { AccountChanges } from './account-changes.ts';

const PAUSE_MS = 100;

export class Rechecks {
  readonly #clock: Clock;
  readonly #delegates: Pick<ConnectedDelegates, 'all'>;
  /** Within the pause after one was sent. */
  #isPausing = false;
  #isDue = false;
  #cancel: () => void = () => undefined;

  constructor(services: {
    clock: Clock;
    delegates: Pick<ConnectedDelegates, 'all'>;
    changes: Pick<AccountChanges, 'follow'>;
  }) {
    this.#clock = services.clock;
    this.#delegates = services.delegates;
    services.changes.follow(() => {
      this.#changed();
    });
  }

  stop(): void {
    this.#cancel();
  }

  #changed(): void {
    if (this.#isPausing) this.#isDue = true;
    else this.#send();
  }

  #send(): void {
    // To all: one that has not asked on this connection may still hold what it was granted on the one before.
    for (const connection of this.#delegates.all()) connection.send({ type: 'recheck' });
    this.#isDue = false;
    this.#isPausing = true;
    this.#cancel = this.#clock.after(PAUSE_MS, () => {
      this.#isPausing = false;
      if (this.#isDue) this.#send();
    });
  }
}
