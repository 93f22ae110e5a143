// Starting a program by becoming it: this process is replaced, so exit code, signals, terminal and job control are the program's own, nothing
// stays in memory beside it, and no value of a secret is left in an old heap.
import { flushCompileCache } from 'node:module';
import type { Program } from './find-program.ts';

/** Where the launcher has left what keeps compiled code for the next start; see bin/load-built.cjs. */
const KEEP_CODE = Symbol.for('sallyport.keep-code');
/** Older releases end the process where the operating system refuses, instead of saying so. */
const OLDEST_NODE = 26;
/** Beyond this, the system may refuse for reasons that starting a child tells better. */
const WORDS_MAX_BYTES = 524_288;

/** Whether a process can be replaced here and this program is small enough for it. */
export function canBecome({ words }: Program, environment: Readonly<Record<string, string>>): boolean {
  if (typeof process.execve !== 'function' || Number(process.versions.node.split('.')[0]) < OLDEST_NODE) {
    return false;
  }
  const texts = [...words, ...Object.entries(environment).flat()];
  return texts.reduce((bytes, text) => bytes + Buffer.byteLength(text) + 1, 0) < WORDS_MAX_BYTES;
}

/** Replaces this process. @returns only when the operating system refuses, which starting a child will explain */
export function becomeProgram({ path, words }: Program, environment: Readonly<Record<string, string>>): void {
  // Node ignores these two, and what is ignored stays ignored in the program: `yes | head` would not end as it should. What is handled
  // becomes the default again.
  for (const signal of ['SIGPIPE', 'SIGXFSZ'] as const) process.on(signal, () => undefined);
  // Node, and our launcher, do so when this process ends by itself, which it will not.
  flushCompileCache();
  (globalThis as { [KEEP_CODE]?: () => void })[KEEP_CODE]?.();
  // That it is new in Node is no news to whoever starts a program.
  process.removeAllListeners('warning');
  try {
    process.execve?.(path, [...words], { ...environment });
  } catch {
    // The caller starts it as a child, which reports the reason.
  }
}
