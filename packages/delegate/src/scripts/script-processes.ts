// All processes of one script: its process group, and on Linux also those that left the group but kept the environment they started with.
import { readdir, readFile } from 'node:fs/promises';
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import type { Time } from '../time/time.ts';

/** The variable whose value tells the processes of one script from all others. */
export const RUN_VARIABLE = 'SALLYPORT_SCRIPT_RUN';

/** Where a system has its programs. */
export const SYSTEM_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** Between SIGTERM and SIGKILL. */
export const TERM_GRACE_MS = 3000;
/** After SIGKILL; what is not gone by then hangs in the kernel. */
const KILL_GRACE_MS = 2000;
const LOOK_EVERY_MS = 20;

// Ends when it is told to, by a line; when the other end is gone without one, so is the delegate, and nothing of the script may stay.
const WATCHDOG = 'read -r line || { kill -s KILL -- "-$0"; rm -rf -- "$1"; }';

export class ScriptProcesses {
  readonly #group: number;
  readonly #run: string;
  readonly #time: Time;
  readonly #watchdog: ChildProcess;

  /**
   * @param options.group id of the process group
   * @param options.run value of `RUN_VARIABLE` in its environment
   * @param options.folder its folder, which goes as well when the delegate is killed
   */
  constructor(options: { group: number; run: string; folder: string; time: Time }) {
    this.#group = options.group;
    this.#run = options.run;
    this.#time = options.time;
    this.#watchdog = spawn('/bin/sh', ['-c', WATCHDOG, String(options.group), options.folder], {
      detached: true,
      env: { PATH: SYSTEM_PATH },
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    // Without it, all else still holds while this process lives.
    this.#watchdog.on('error', () => undefined);
    this.#watchdog.stdin?.on('error', () => undefined);
  }

  /** Asks all of them to end, and kills what is left after the grace. Resolves when none is left. */
  async end(): Promise<void> {
    await this.#signal('SIGTERM');
    if (!(await this.#areGoneWithin(TERM_GRACE_MS))) {
      await this.#signal('SIGKILL');
      await this.#areGoneWithin(KILL_GRACE_MS);
    }
    this.#watchdog.stdin?.end('\n');
  }

  async #signal(signal: NodeJS.Signals): Promise<void> {
    send(-this.#group, signal);
    for (const pid of (await this.#alive()) ?? []) send(pid, signal);
  }

  async #areGoneWithin(ms: number): Promise<boolean> {
    const startedAtMs = this.#time.monotonicMs();
    for (;;) {
      const alive = await this.#alive();
      if (alive === null ? !send(-this.#group, 0) : alive.length === 0) return true;
      if (this.#time.monotonicMs() - startedAtMs >= ms) return false;
      await new Promise<void>((resolve) => void this.#time.after(LOOK_EVERY_MS, resolve));
    }
  }

  /** Ids of the processes that still run; null where there is no /proc to look into. */
  async #alive(): Promise<number[] | null> {
    const names = await readdir('/proc').catch(() => null);
    if (names === null) return null;
    const pids = names.filter((name) => /^\d+$/.test(name));
    const found = await Promise.all(pids.map(async (pid) => ((await this.#isOne(pid)) ? [Number(pid)] : [])));
    return found.flat();
  }

  async #isOne(pid: string): Promise<boolean> {
    try {
      const stat = await readFile(`/proc/${pid}/stat`, 'latin1');
      // proc_pid_stat(5): the name in brackets may hold anything; after it come state, parent and group.
      const [state = '', , group] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      // One that has ended and waits for its parent to take note does nothing any more.
      if ('ZXx'.includes(state)) return false;
      if (Number(group) === this.#group) return true;
      const environment = await readFile(`/proc/${pid}/environ`, 'latin1');
      return environment.split('\0').includes(`${RUN_VARIABLE}=${this.#run}`);
    } catch {
      // Gone meanwhile, or another user's.
      return false;
    }
  }
}

/** Whether there was anybody to send it to. */
function send(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}
