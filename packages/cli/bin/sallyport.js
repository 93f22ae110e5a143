#!/usr/bin/env node
// Launcher. Written for any Node that a machine may have: when that one is too old to run the sources, the Node that npm installed
// beside them takes over, with the same arguments, streams, signals and exit code.
import { existsSync, mkdirSync } from 'node:fs';
import * as nodeModule from 'node:module';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const OLDEST_NODE = 24;
/** Set for the process that takes over, so that it does not look for yet another Node. */
const HANDED_OVER = 'SALLYPORT_HANDED_OVER';
const launcher = fileURLToPath(import.meta.url);
const here = dirname(launcher);

if (Number(process.versions.node.split('.')[0]) >= OLDEST_NODE) {
  useCompileCache();
  void import('../src/main.ts');
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
