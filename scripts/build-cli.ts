// `npm run build:cli`: puts the commands that programs and scripts are started with into one file, since finding and loading some two hundred
// sources one by one takes longer than all the rest of `sallyport run`. Into packages/cli/dist, where the launcher finds it; the launcher
// goes back to the sources as soon as one of them is another than it was here. Does nothing where nothing has changed.
import { existsSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import type { Plugin } from 'vite';
import { LOADED_ALONE } from '../packages/cli/src/commands/commands-for.ts';

const ROOT = join(import.meta.dirname, '..');
const CLI = join(ROOT, 'packages/cli');
const DIST = join(CLI, 'dist');
/** What the launcher reads before it believes the build: for which first words it is, and of what it was made. */
const STAMP = 'built.json';
/** The table of all commands, which reaches the server and the delegate: it stays among the sources. */
const WHOLE_TABLE = join(CLI, 'src/commands/index.ts');

/** A file, its size and the whole seconds of its time of change: finer times do not survive every way of copying an installation. */
type Source = [path: string, size: number, seconds: number];
type Stamp = { words: string[]; sources: Source[] };

function sourceOf(path: string): Source {
  const { size, mtimeMs } = statSync(join(ROOT, path));
  return [path, size, Math.floor(mtimeMs / 1000)];
}

function isUpToDate(): boolean {
  const file = join(DIST, STAMP);
  if (!existsSync(file)) return false;
  const { sources } = JSON.parse(readFileSync(file, 'utf8')) as Stamp;
  try {
    return sources.every((source) => source.join() === sourceOf(source[0]).join());
  } catch {
    return false;
  }
}

/** Leaves the whole table of commands out, and notes which of our own files were taken in. */
function boundary(taken: Set<string>): Plugin {
  return {
    name: 'boundary',
    enforce: 'pre',
    async resolveId(name, importer, options) {
      const found = await this.resolve(name, importer, { ...options, skipSelf: true });
      if (found?.id !== WHOLE_TABLE) return found;
      return { id: relative(DIST, WHOLE_TABLE).split(sep).join('/'), external: true };
    },
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
      plugins: [boundary(taken)],
      ssr: { noExternal: true },
      build: {
        ssr: 'src/main.ts',
        outDir: fresh,
        emptyOutDir: true,
        target: 'node24',
        rolldownOptions: {
          external: [/^node:/],
          // A script of the older kind: it requires modules of Node's, where an import would load all that is behind them too.
          output: { codeSplitting: false, format: 'cjs', entryFileNames: 'main.cjs' },
        },
      },
    });
    const stamp: Stamp = {
      words: Object.keys(LOADED_ALONE),
      sources: ['package-lock.json', ...[...taken].sort()].map(sourceOf),
    };
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
