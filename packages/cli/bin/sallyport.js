#!/usr/bin/env node
// Launcher. Written for any Node that a machine may have: when that one is too old to run the sources, the Node that npm installed
// beside them takes over, with the same arguments, streams, signals and exit code.
import * as nodeModule from 'node:module';

// By require: an import of a module of Node's loads also what is behind each of its names, which takes longer than our own start.
const require = nodeModule.createRequire(import.meta.url);
const { existsSync, mkdirSync, readFileSync, statSync } = require('node:fs');
const { homedir } = require('node:os');
const { dirname, join } = require('node:path');
const { fileURLToPath } = require('node:url');

const OLDEST_NODE = 24;
/** Set for the process that takes over, so that it does not look for yet another Node. */
const HANDED_OVER = 'SALLYPORT_HANDED_OVER';
const launcher = fileURLToPath(import.meta.url);
const here = dirname(launcher);

if (Number(process.versions.node.split('.')[0]) >= OLDEST_NODE) {
  useCompileCache();
  if (isBuiltFor(process.argv[2])) require('../dist/main.cjs');
  else void import('../src/main.ts');
} else {
  const node = process.env[HANDED_OVER] === '1' ? null : findNode(here);
  if (node === null) {
    process.stderr.write(
      `error: Node ${OLDEST_NODE} or newer is needed; this is ${process.versions.node}, and npm installed none beside it.\n` +
        'next: Run `npm ci` without --omit=optional, or install a newer Node.\n',
    );
    process.exit(1);
  }
  void import('node:child_process').then(({ spawn }) => handOver(spawn, node));
}

/**
 * Has Node keep what it compiled, from here on: that more than halves the start, and spares a long-running delegate the type stripper
 * (about 30 MB). In a folder of the user's own: Node's default is below the common temporary folder, and what lies there is executed.
 */
function useCompileCache() {
  const caches = process.env.XDG_CACHE_HOME || join(homedir(), '.cache');
  const folder = join(caches, 'sallyport', 'compiled');
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    nodeModule.enableCompileCache(folder);
  } catch {
    // Slower without, and nothing else.
  }
}

/**
 * Whether `npm run build:cli` put together what this first word needs, which loads in a fraction of the time, out of the very sources
 * that are here: they are compared by size and whole seconds, a few milliseconds for all. A line that begins with a flag has the sources.
 */
function isBuiltFor(word = '') {
  try {
    const { notFor, sources } = JSON.parse(readFileSync(join(here, '..', 'dist', 'built.json'), 'utf8'));
    const root = join(here, '..', '..', '..');
    return (
      !word.startsWith('-') &&
      !notFor.includes(word) &&
      sources.every(([path, size, seconds]) => {
        const found = statSync(join(root, path));
        return found.size === size && Math.floor(found.mtimeMs / 1000) === seconds;
      })
    );
  } catch {
    // There is no build, or not all of what it was made of.
    return false;
  }
}

/** The Node in `node_modules/.bin` of this folder or one above it. */
function findNode(folder) {
  for (let current = folder; ; current = dirname(current)) {
    const candidate = join(current, 'node_modules', '.bin', 'node');
    if (existsSync(candidate)) return candidate;
    if (dirname(current) === current) return null;
  }
}

function handOver(spawn, node) {
  const child = spawn(node, [launcher].concat(process.argv.slice(2)), {
    stdio: 'inherit',
    env: Object.assign({}, process.env, { [HANDED_OVER]: '1' }),
  });
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2'];
  signals.forEach((signal) => {
    process.on(signal, () => {
      child.kill(signal);
    });
  });
  child.on('error', (error) => {
    process.stderr.write(`error: ${node} cannot be run: ${error.message}\n`);
    process.exit(1);
  });
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code);
    // Ends by the same signal, so that a shell sees what it would have seen.
    signals.forEach((name) => process.removeAllListeners(name));
    process.kill(process.pid, signal);
  });
}
