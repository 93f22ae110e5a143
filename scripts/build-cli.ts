// `npm run build:cli`: puts the command into a few small files, since finding and loading some two hundred sources one by one takes longer
// than all the rest of `sallyport run`. Into packages/cli/dist, where the launcher finds it; the launcher goes back to the sources as
// soon as one of them is another than it was here. Does nothing where nothing has changed.
import {
  copyFileSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, join, relative, sep } from 'node:path';
import type { Plugin } from 'vite';
import { FROM_SOURCES } from '../packages/cli/src/commands/commands-for.ts';

const ROOT = join(import.meta.dirname, '..');
const CLI = join(ROOT, 'packages/cli');
const DIST = join(CLI, 'dist');
/** What the launcher reads before it believes the build: its first file, for which first words it is not, and of what it was made. */
const STAMP = 'built.json';
/** What only those words load, which have the sources. */
const LEFT_OUT = ['@sallyport/aws', '@sallyport/delegate', '@sallyport/server', '@sallyport/testkit/lab'];
/** A file that a command hands out as it is, found beside the code. */
const HANDED_OUT = 'packages/cli/src/export/open-envelopes.mjs';

/** A file, its size and the whole seconds of its time of change: finer times do not survive every way of copying an installation. */
type Source = [path: string, size: number, seconds: number];
type Stamp = { entry: string; notFor: readonly string[]; sources: Source[] };

function sourceOf(path: string): Source {
  const { size, mtimeMs } = statSync(join(ROOT, path));
  return [path, size, Math.floor(mtimeMs / 1000)];
}

function isUpToDate(): boolean {
  try {
    const { sources } = JSON.parse(readFileSync(join(DIST, STAMP), 'utf8')) as Stamp;
    return sources.every((source) => source.join() === sourceOf(source[0]).join());
  } catch {
    // There is none, it is damaged, or a source is gone.
    return false;
  }
}

/** Notes which of our own files are taken in. */
function takenInto(taken: Set<string>): Plugin {
  return {
    name: 'taken',
    load(id) {
      const path = relative(ROOT, id).split(sep).join('/');
      if (path.startsWith('packages/')) taken.add(path);
      return null;
    },
  };
}

/** Builds beside the former build and takes its place at once. */
async function build(): Promise<void> {
  const { build: viteBuild } = await import('vite');
  const fresh = join(CLI, `.dist-${process.pid}`);
  const taken = new Set<string>();
  try {
    await viteBuild({
      root: CLI,
      configFile: false,
      logLevel: 'warn',
      plugins: [takenInto(taken)],
      ssr: { noExternal: true },
      build: {
        ssr: 'src/main.ts',
        outDir: fresh,
        emptyOutDir: true,
        target: 'node24',
        // As the output says, below.
        minify: false,
        rolldownOptions: {
          external: [/^node:/, ...LEFT_OUT],
          // Scripts of the older kind: they require modules of Node's, where an import would load all that is behind them too. What a
          // command loads late is in a file of its own, and names stay for whoever reads a trace.
          output: {
            format: 'cjs',
            // Names say what is in them, since the launcher keeps compiled code by name.
            entryFileNames: '[name]-[hash].cjs',
            chunkFileNames: '[name]-[hash].cjs',
            minify: { mangle: false, compress: true, codegen: true },
          },
        },
      },
    });
    const entry = readdirSync(fresh).find((name) => name.startsWith('main-'));
    if (entry === undefined) throw new Error('the build has no first file');
    const stamp: Stamp = {
      entry,
      notFor: FROM_SOURCES,
      sources: ['package-lock.json', 'scripts/build-cli.ts', HANDED_OUT, ...[...taken].sort()].map(sourceOf),
    };
    copyFileSync(join(ROOT, HANDED_OUT), join(fresh, basename(HANDED_OUT)));
    writeFileSync(join(fresh, STAMP), JSON.stringify(stamp));
    rmSync(DIST, { recursive: true, force: true });
    renameSync(fresh, DIST);
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}

function isVitePresent(): boolean {
  try {
    import.meta.resolve('vite');
    return true;
  } catch {
    // An installation without what development needs goes on from the sources.
    return false;
  }
}

if (!isUpToDate() && isVitePresent()) await build();
