#!/usr/bin/env node
// Launcher. Written for any Node that a machine may have: when that one is too old to run the sources, the Node that npm installed
// beside them takes over, with the same arguments, streams, signals and exit code. A script of the older kind, which starts sooner.
'use strict';
const { existsSync, mkdirSync, readFileSync, statSync } = require('node:fs');
const nodeModule = require('node:module');
const { homedir } = require('node:os');
const { dirname, join } = require('node:path');

const OLDEST_NODE = 24;
/** Set for the process that takes over, so that it does not look for yet another Node. */
const HANDED_OVER = 'SALLYPORT_HANDED_OVER';

if (Number(process.versions.node.split('.')[0]) >= OLDEST_NODE) start();
else handOverToNewer();

function start() {
  const folder = cacheFolder();
  const word = process.argv[2] || '';
  const entry = builtFor(word);
  if (entry !== null) {
    require('./load-built.cjs').loadBuilt(entry, {
      word,
      folder: folder === null ? null : join(folder, 'ran'),
    });
  } else {
    // Has Node keep what it compiled: that more than halves the start, and spares a long-running delegate the type stripper (about 30 MB).
    if (folder !== null) nodeModule.enableCompileCache(join(folder, 'compiled'));
    void import('../src/main.ts');
  }
}

/** A folder of the user's own, since what lies there is executed; null: there is none, which is slower and nothing else. */
function cacheFolder() {
  const folder = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'sallyport');
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const { uid, mode } = statSync(folder);
    const isOwn = process.getuid === undefined || (uid === process.getuid() && (mode & 0o022) === 0);
    return isOwn ? folder : null;
  } catch {
    return null;
  }
}

/**
 * The file that `npm run build:cli` made for this first word, which loads in a fraction of the time; null unless it is made of the very
 * sources that are here: they are compared by size and whole seconds, two milliseconds for all. A line that begins with a flag has the
 * sources.
 */
function builtFor(word) {
  const dist = join(__dirname, '..', 'dist');
  const root = join(__dirname, '..', '..', '..');
  try {
    const { entry, notFor, sources } = JSON.parse(readFileSync(join(dist, 'built.json'), 'utf8'));
    const isCurrent = ([path, size, seconds]) => {
      // Put together by hand: `join` would take most of the time.
      const found = statSync(root + '/' + path);
      return found.size === size && Math.floor(found.mtimeMs / 1000) === seconds;
    };
    return !word.startsWith('-') && !notFor.includes(word) && sources.every(isCurrent)
      ? join(dist, entry)
      : null;
  } catch {
    // There is no build, or not all of what it was made of.
    return null;
  }
}

function handOverToNewer() {
  const node = process.env[HANDED_OVER] === '1' ? null : findNode(__dirname);
  if (node === null) {
    process.stderr.write(
      `error: Node ${OLDEST_NODE} or newer is needed; this is ${process.versions.node}, and npm installed none beside it.\n` +
        'next: Run `npm ci` without --omit=optional, or install a newer Node.\n',
    );
    process.exit(1);
  }
  handOver(require('node:child_process').spawn, node);
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
  const child = spawn(node, [__filename].concat(process.argv.slice(2)), {
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
