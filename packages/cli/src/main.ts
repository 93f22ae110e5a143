// Entry point behind bin/sallyport.cjs: the real process's streams, environment and arguments, handed to the command once.
import { isatty } from 'node:tty';
import { run } from './command-line/run.ts';
import { readEnvironment } from './config/environment.ts';
import type { Terminal } from './output/terminal.ts';

const environment = readEnvironment();
// Without an await at the top, which the scripts that `npm run build:cli` makes cannot have.
void run({
  words: process.argv.slice(2),
  terminal: terminalOf(environment.read('NO_COLOR') !== null || environment.read('TERM') === 'dumb'),
  environment,
  folder: process.cwd(),
}).then((code) => {
  process.exitCode = code;
});

/** Streams are opened when they are first asked for: opening a pipe changes it for whoever shares it, also for a program that comes next. */
function terminalOf(noColour: boolean): Terminal {
  const opened = new Set<1 | 2>();
  const open = (fd: 1 | 2): NodeJS.WriteStream => {
    const stream = fd === 1 ? process.stdout : process.stderr;
    if (!opened.has(fd)) stream.on('error', (error: NodeJS.ErrnoException) => endIfUnread(fd, error));
    opened.add(fd);
    return stream;
  };
  return {
    get stdin() {
      return process.stdin;
    },
    get stdout() {
      return open(1);
    },
    get stderr() {
      return open(2);
    },
    noColour,
    wasUsed: () => [...opened].some((fd) => !isatty(fd)),
  };
}

/** Everything else is heard of by whoever wrote. Of notes that cannot be written nobody is to hear. */
function endIfUnread(fd: 1 | 2, error: NodeJS.ErrnoException): void {
  // Whoever reads has read enough, as `head` does.
  if (fd === 1 && error.code === 'EPIPE') process.exit(0);
}
