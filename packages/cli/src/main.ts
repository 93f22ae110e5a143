// Entry point: the real process's streams, environment and arguments, handed to the command once. Modules are loaded after the compile
// cache is on, which more than halves the start.
import { mkdirSync } from 'node:fs';
import { enableCompileCache } from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';

useCompileCache();
const [{ run }, { readEnvironment }] = await Promise.all([
  import('./command-line/run.ts'),
  import('./config/environment.ts'),
]);

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

/** In a folder of the user's own: Node's default is below the common temporary folder, and what lies there would be executed. */
function useCompileCache(): void {
  const caches = process.env['XDG_CACHE_HOME'] ?? '';
  const folder = join(caches === '' ? join(homedir(), '.cache') : caches, 'sallyport', 'compiled');
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    enableCompileCache(folder);
  } catch {
    // Slower without, and nothing else.
  }
}
