// Entry point behind bin/sallyport.js: the real process's streams, environment and arguments, handed to the command once.
import { run } from './command-line/run.ts';
import { readEnvironment } from './config/environment.ts';

for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    // Whoever reads has read enough, as `head` does.
    if (error.code === 'EPIPE') process.exit(0);
    throw error;
  });
}

const environment = readEnvironment();
process.exitCode = await run({
  words: process.argv.slice(2),
  terminal: {
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    noColour: environment.read('NO_COLOR') !== null,
  },
  environment,
  folder: process.cwd(),
});
