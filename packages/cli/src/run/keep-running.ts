// A program that runs as a child until it ends by itself, and is started again or told when a secret has changed.
import type { Client } from '@sallyport/sdk';
import { isAppError } from '@sallyport/core';
import { passSignals } from './pass-signals.ts';
import { readPlan } from './read-plan.ts';
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
  /** Values become variables, and so have to fit into them. */
  asVariables: boolean;
};

/** @returns how the program ended, once it does so other than to be started again */
export async function keepRunning(
  course: Course,
  secrets: ReadSecrets,
  watched: Watched | null,
): Promise<Ending> {
  const state: { child: Child | null; isEnding: boolean } = { child: null, isEnding: false };
  const stopPassing = passSignals({
    send: (signal) => state.child?.send(signal),
    onEnding: () => {
      state.isEnding = true;
    },
  });
  const stopWatching = new AbortController();
  try {
    state.child = await course.start(secrets);
    if (watched === null) return await state.child.ended;
    return await watchOver(course, watched, { state, signal: stopWatching.signal });
  } finally {
    stopWatching.abort();
    stopPassing();
  }
}

async function watchOver(
  course: Course,
  { client, selection, watch, versions, asVariables }: Watched,
  { state, signal }: { state: { child: Child | null; isEnding: boolean }; signal: AbortSignal },
): Promise<Ending> {
  const { intervalMs } = watch;
  const changes = watchSecrets({ client, selection, intervalMs, signal, note: course.note }, versions);
  for (;;) {
    const running = state.child as Child;
    const change = changes.next().then((next) => (next.done === true ? null : next.value));
    const next = await Promise.race([running.ended.then((ending) => ({ ending })), change]);
    if (next === null) return running.ended;
    if ('ending' in next) {
      // It is not waited for any more.
      change.catch(() => undefined);
      return next.ending;
    }
    const secrets = await readAgain(course, async () => readPlan(client, next.plan, { asVariables }));
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
    state.child = await course.start(secrets);
  }
}

/** null: they cannot be read at the moment. */
async function readAgain({ note }: Course, read: () => Promise<ReadSecrets>): Promise<ReadSecrets | null> {
  try {
    return await read();
  } catch (error) {
    if (!isAppError(error)) throw error;
    note(
      `note: secrets have changed and cannot be read, so the program goes on with what it has: ${error.publicMessage}`,
    );
    return null;
  }
}

/** Asks a program to end, and ends it when it does not. */
async function ended(child: Child, graceMs: number): Promise<Ending> {
  child.send('SIGTERM');
  const timer = setTimeout(() => child.send('SIGKILL'), graceMs);
  try {
    return await child.ended;
  } finally {
    clearTimeout(timer);
  }
}
