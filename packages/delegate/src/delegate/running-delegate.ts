// What whoever starts a delegate gets back: how it stands, and the two ways to stop it.
import type { DelegateId } from '@sallyport/core';
import type { ConnectionState } from '../connection/server-connection.ts';

/** How a delegate stands; `draining` until its last task has ended. */
export type DelegateState = ConnectionState | { name: 'draining' };

/** A delegate at work. */
export type RunningDelegate = {
  /** `SHA256:…` of the identity key; what people compare with what a client shows. */
  readonly fingerprint: string;
  readonly name: string;
  /** Where programs beside it may read, e.g. `http://127.0.0.1:7271`; empty when its settings name no place. */
  readonly localAddresses: readonly string[];
  /** Resolves at the first welcome of the server. Rejects with {shutting-down} when the delegate is stopped before. */
  readonly connected: Promise<DelegateId>;
  state(): DelegateState;
  /** Calls `listener` at each change of state; returns what ends that. */
  onState(listener: (state: DelegateState) => void): () => void;
  /** Graceful stop: takes no new tasks, finishes those under way within the configured time, then closes. */
  drain(): Promise<void>;
  /** Stops at once; tasks under way are dropped. */
  close(): Promise<void>;
};
