// `npm run build:web`: builds the web UI if anything that it is made of has changed since it was built, and else does nothing.
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';

const ROOT = join(import.meta.dirname, '..');
const WEB = join(ROOT, 'packages/web');
const STAMP = join(WEB, 'dist/.built');
/** Folders and files whose content decides what the build comes to. */
const SOURCES = [
  'package-lock.json',
  'packages/core/src',
  'packages/protocol/package.json',
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
  const entries = /\.\w+$/.test(source) ? null : readdirSync(path, { recursive: true, withFileTypes: true });
  if (entries === null) return [path];
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

const wanted = hashOfSources();
const isUpToDate = existsSync(STAMP) && readFileSync(STAMP, 'utf8') === wanted;
if (!isUpToDate) {
  console.error('Building the web UI …');
  const { build } = await import('vite');
  await build({ configFile: join(WEB, 'vite.config.ts'), logLevel: 'warn' });
  writeFileSync(STAMP, wanted);
}
