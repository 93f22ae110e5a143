#!/usr/bin/env node
// Launcher. Written for any Node that a machine may have: when that one is too old to run the sources, the Node that npm installed
// beside them takes over, with the same arguments, streams, signals and exit code.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const OLDEST_NODE = 24;
const here = dirname(fileURLToPath(import.meta.url));
const main = join(here, '..', 'src', 'main.ts');

if (Number(process.versions.node.split('.')[0]) >= OLDEST_NODE) {
  void import('../src/main.ts');
} else {
  const node = findNode(here);
  if (node === null) {
    process.stderr.write(
      `error: Node ${OLDEST_NODE} or newer is needed; this is ${process.versions.node}, and npm installed none beside it.\n` +
        'next: Run `npm ci` without --omit=optional, or install a newer Node.\n',
    );
    process.exit(1);
  }
  handOver(node);
}

/** The Node in `node_modules/.bin` of this folder or one above it. */
function findNode(folder) {
  for (let current = folder; ; current = dirname(current)) {
    const candidate = join(current, 'node_modules', '.bin', 'node');
    if (existsSync(candidate)) return candidate;
    if (dirname(current) === current) return null;
  }
}

function handOver(node) {
  const child = spawn(node, [main].concat(process.argv.slice(2)), { stdio: 'inherit' });
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
