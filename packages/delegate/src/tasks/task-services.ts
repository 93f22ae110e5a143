// What executors of tasks work with, handed to each of them by the runner.
import type { PreflightStep, WireError } from '@sallyport/protocol';
import type { DelegateSessions } from '@sallyport/protocol/sealing';
import type { CheckpointBook } from '../checkpoints/checkpoint-book.ts';
import type { DataKeyCache } from '../data-key-cache/data-key-cache.ts';
import type { Guard } from '../guard/guard.ts';
import type { ConfiguredManagers } from '../key-providers/configured-managers.ts';
import type { IdentityVerifier } from '../key-providers/key-provider-source.ts';
import type { DataKeys } from '../key-providers/data-keys.ts';
import type { Logger } from '../log/logger.ts';
import type { RunningScripts } from '../scripts/running-scripts.ts';
import type { ProfileBook } from '../start-profiles/profile-book.ts';
import type { Time } from '../time/time.ts';
import type { TaskStream } from './task-stream.ts';

/** Parts of the delegate that tasks use. */
export type TaskServices = {
  readonly sessions: DelegateSessions;
  readonly managers: ConfiguredManagers;
  readonly keys: DataKeys;
  readonly cache: DataKeyCache;
  readonly guard: Guard;
  readonly checkpoints: Pick<CheckpointBook, 'sign'>;
  readonly scripts: RunningScripts;
  readonly profiles: Pick<ProfileBook, 'begin' | 'requireNew'>;
  readonly logger: Logger;
  readonly time: Time;
  readonly identities: IdentityVerifier;
  /** An error as server and client may read it; what was not foreseen goes to the log. */
  readonly toError: (thrown: unknown) => WireError;
};

/** One run of one task. */
export type TaskRun = {
  readonly services: TaskServices;
  /** Aborts when the task is cancelled or out of time, or the connection is lost. */
  readonly signal: AbortSignal;
  /** Chunks of uploads and downloads; silent for other kinds. */
  readonly stream: TaskStream;
  /** Tells the server how far a preflight is; silent once the task has ended. */
  readonly progress: (steps: PreflightStep[]) => void;
};
