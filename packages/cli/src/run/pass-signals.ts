// Passes signals on to a program that runs as a child. What a terminal's keys send goes to every process in its foreground, the program
// included: that is not sent a second time.
import { readFileSync } from 'node:fs';
import { isatty } from 'node:tty';

/** Sent to this process alone, by whoever knows its id. */
const ALWAYS = ['SIGTERM', 'SIGHUP', 'SIGUSR1', 'SIGUSR2', 'SIGALRM'] as const;
/** Sent by a terminal to all in its foreground. */
const BY_TERMINAL = ['SIGINT', 'SIGQUIT', 'SIGWINCH', 'SIGCONT'] as const;
const ENDING: readonly NodeJS.Signals[] = ['SIGTERM', 'SIGHUP', 'SIGINT', 'SIGQUIT'];

export type SignalTarget = {
  send: (signal: NodeJS.Signals) => void;
  /** Told when somebody wants the program to end. */
  onEnding?: () => void;
};

/** @returns what ends it */
export function passSignals(target: SignalTarget): () => void {
  const handlers = new Map<NodeJS.Signals, () => void>();
  const told = (signal: NodeJS.Signals): void => {
    if (ENDING.includes(signal)) target.onEnding?.();
  };
  for (const signal of ALWAYS) {
    handlers.set(signal, () => {
      told(signal);
      target.send(signal);
    });
  }
  for (const signal of BY_TERMINAL) {
    handlers.set(signal, () => {
      told(signal);
      if (!isInForeground()) target.send(signal);
    });
  }
  handlers.set('SIGTSTP', () => {
    if (!isInForeground()) target.send('SIGTSTP');
    // What would have happened without this handler.
    process.kill(process.pid, 'SIGSTOP');
  });
  for (const [signal, handler] of handlers) process.on(signal, handler);
  return () => {
    for (const [signal, handler] of handlers) process.off(signal, handler);
  };
}

/** Whether this process is in the foreground of a terminal at this moment, so that its keys reach the program too. */
function isInForeground(): boolean {
  try {
    // After the name in parentheses: state, parent, process group, session, terminal, and the terminal's foreground group.
    const fields = readFileSync('/proc/self/stat', 'latin1').split(') ').at(-1)?.split(' ') ?? [];
    return fields[2] !== undefined && fields[2] === fields[5];
  } catch {
    // No such file on macOS: a process with a terminal is taken to be in its foreground.
    return [0, 1, 2].some((fd) => isatty(fd));
  }
}
