// `npm run build:web`: builds the web UI if anything that it is made of has changed since it was built, and else does nothing.
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';

const ROOT = join(import.meta.dirname, '..');
const WEB = join(ROOT, 'packages/web');
const DIST = join(WEB, 'dist');
/** Within the build: the hash of what it was made of. */
const STAMP = '.built';
/** Folders and files whose content decides what the build comes to. */
const SOURCES = [
  'package-lock.json',
  'packages/core/src',
  'packages/masking/package.json',
  'packages/masking/src',
  'packages/protocol/package.json',
  'packages/protocol/route-rows.json',
  'packages/protocol/src',
  'packages/sdk/package.json',
  'packages/sdk/src',
  'packages/web/build',
  'packages/web/index.html',
  'packages/web/package.json',
  'packages/web/src',
  'packages/web/tsconfig.json',
  'packages/web/vite.config.ts',
];

function filesOf(source: string): string[] {
  const path = join(ROOT, source);
  if (/\.\w+$/.test(source)) return [path];
  const entries = readdirSync(path, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

/** One hash over names and contents. */
function hashOfSources(): string {
  const hash = createHash('sha256').update(process.versions.node);
  for (const file of SOURCES.flatMap(filesOf).sort()) {
    const content = readFileSync(file);
    hash.update(`${relative(ROOT, file)} ${content.length}\n`).update(content);
  }
  return hash.digest('hex');
}

/** Builds beside the former build and takes its place at once, so that nobody ever meets half of one. */
async function build(stamp: string): Promise<void> {
  // Whatever the caller's is: a test run would otherwise get a development build.
  process.env['NODE_ENV'] = 'production';
  const { build: viteBuild } = await import('vite');
  const fresh = join(WEB, `.dist-${process.pid}`);
  try {
    await viteBuild({
      configFile: join(WEB, 'vite.config.ts'),
      logLevel: 'warn',
      build: { outDir: fresh, emptyOutDir: true },
    });
    writeFileSync(join(fresh, STAMP), stamp);
    rmSync(DIST, { recursive: true, force: true });
    renameSync(fresh, DIST);
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}

const wanted = hashOfSources();
const stampFile = join(DIST, STAMP);
if (!existsSync(stampFile) || readFileSync(stampFile, 'utf8') !== wanted) {
  console.error('Building the web UI …');
  await build(wanted);
}
