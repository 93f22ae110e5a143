// A program that runs as a child until it ends by itself, and is started again or told when a secret has changed.
import type { Client } from '@sallyport/sdk';
import { isAppError } from '@sallyport/core';
import { passSignals } from './pass-signals.ts';
import type { SecretPlan } from './plan-secrets.ts';
import type { ReadSecrets } from './read-plan.ts';
import type { Selection, WatchChoice } from './run-options.ts';
import type { Child, Ending } from './start-child.ts';
import { watchSecrets } from './watch-secrets.ts';

export type Course = {
  /** Starts the program with these secrets. */
  start: (secrets: ReadSecrets) => Promise<Child>;
  /** Renews files that a running program reads again. */
  renew: (secrets: ReadSecrets) => void;
  note: (text: string) => void;
};

/** Where changes are looked for. */
export type Watched = {
  client: Client;
  selection: Selection;
  watch: WatchChoice;
  /** What is known by now; see `versionsOf`. */
  versions: string;
  /** @throws {AppError} for what the program cannot be given, too */
  read: (plan: SecretPlan) => Promise<ReadSecrets>;
};

/** The program that runs now. */
type State = {
  child: Child | null;
  /** Sent while there was none. */
  early: NodeJS.Signals[];
  isEnding: boolean;
};

/** @returns how the program ended, once it does so other than to be started again */
export async function keepRunning(
  course: Course,
  secrets: ReadSecrets,
  watched: Watched | null,
): Promise<Ending> {
  const state: State = { child: null, early: [], isEnding: false };
  const stopPassing = passSignals({
    send: (signal) => {
      if (state.child === null) state.early.push(signal);
      else state.child.send(signal);
    },
    onEnding: () => {
      state.isEnding = true;
    },
  });
  const stopWatching = new AbortController();
  try {
    const child = await started(course, secrets, state);
    if (watched === null) return await child.ended;
    return await watchOver(course, watched, { state, signal: stopWatching.signal });
  } finally {
    stopWatching.abort();
    stopPassing();
  }
}

async function started(course: Course, secrets: ReadSecrets, state: State): Promise<Child> {
  state.child = null;
  const child = await course.start(secrets);
  state.child = child;
  for (const signal of state.early.splice(0)) child.send(signal);
  return child;
}

async function watchOver(
  course: Course,
  { client, selection, watch, versions, read }: Watched,
  { state, signal }: { state: State; signal: AbortSignal },
): Promise<Ending> {
  const { intervalMs } = watch;
  const changes = watchSecrets({ client, selection, intervalMs, signal, note: course.note }, versions);
  const reading = new Reading(course, read);
  for (;;) {
    const running = state.child as Child;
    const change = changes
      .next(reading.hasSucceeded)
      .then((next) => (next.done === true ? null : next.value));
    const next = await Promise.race([running.ended.then((ending) => ({ ending })), change]);
    if (next === null) return running.ended;
    if ('ending' in next) {
      // It is not waited for any more.
      change.catch(() => undefined);
      return next.ending;
    }
    const secrets = await reading.again(next.plan);
    if (secrets === null) continue;
    if (watch.signal !== null) {
      course.renew(secrets);
      running.send(watch.signal);
      continue;
    }
    course.note('note: a secret has changed; the program is started again.');
    const ending = await ended(running, watch.graceMs);
    if (state.isEnding) return ending;
    course.renew(secrets);
    await started(course, secrets, state);
  }
}

/** Reads what has changed. What fails is tried again with each look, and told once. */
class Reading {
  readonly #course: Course;
  readonly #read: Watched['read'];
  hasSucceeded = true;

  constructor(course: Course, read: Watched['read']) {
    this.#course = course;
    this.#read = read;
  }

  /** null: they cannot be read at the moment. */
  async again(plan: SecretPlan): Promise<ReadSecrets | null> {
    try {
      const secrets = await this.#read(plan);
      this.hasSucceeded = true;
      return secrets;
    } catch (error) {
      if (!isAppError(error)) throw error;
      if (this.hasSucceeded) {
        this.#course.note(
          `note: secrets have changed and cannot be read, so the program goes on with what it has: ${error.publicMessage}`,
        );
      }
      this.hasSucceeded = false;
      return null;
    }
  }
}

/** Asks a program to end, and ends it when it does not. */
async function ended(child: Child, graceMs: number): Promise<Ending> {
  child.send('SIGTERM');
  const patience = Promise.withResolvers<void>();
  const timer = setTimeout(() => {
    child.send('SIGKILL');
    patience.resolve();
  }, graceMs);
  try {
    const ending = await child.exited;
    // What it has left behind may hold its output open for as long as that runs.
    await Promise.race([child.ended, patience.promise]);
    return ending;
  } finally {
    clearTimeout(timer);
  }
}
