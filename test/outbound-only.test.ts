// A delegate dials out and accepts no connection: its process listens on no port. Linux only, since it reads /proc.
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { labTarget, settingsFor } from './harness/aws-targets.ts';
import { Deployment } from './harness/deployment.ts';

const LISTEN = '0A';
let target: Awaited<ReturnType<typeof labTarget>>;
let deployment: Deployment;

beforeAll(async () => {
  target = await labTarget();
  deployment = await Deployment.start();
  await deployment.startDelegate({ name: 'inside', environment: target.environment });
}, 30_000);

afterAll(async () => {
  await deployment?.close();
  await target?.close();
});

/** Inodes of all TCP sockets of this machine that listen. */
function listeningInodes(): Set<string> {
  const rows = ['tcp', 'tcp6'].flatMap((table) =>
    readFileSync(`/proc/net/${table}`, 'utf8').split('\n').slice(1),
  );
  const fields = rows.map((row) => row.trim().split(/\s+/));
  return new Set(fields.filter((field) => field[3] === LISTEN).map((field) => field[9] ?? ''));
}

/** How many of them belong to a process. */
function listeningSockets(pid: number): number {
  const listening = listeningInodes();
  const links = readdirSync(`/proc/${pid}/fd`).map((name) => {
    try {
      return readlinkSync(`/proc/${pid}/fd/${name}`);
    } catch {
      // Closed meanwhile.
      return '';
    }
  });
  return links.filter((link) => listening.has(/^socket:\[(\d+)\]$/.exec(link)?.[1] ?? '-')).length;
}

test.skipIf(process.platform !== 'linux')(
  'a delegate at work listens on no port, the server on one',
  async () => {
    const { client } = deployment;
    await client.call('createSecretsManager', {
      body: { name: 'kms', settings: settingsFor(target, 'sts-role', ['inside']) },
    });
    await client.set('secret', 'value');
    expect(await client.get('secret')).toBe('value');
    expect(listeningSockets(deployment.server.child.pid ?? 0)).toBe(1);
    expect(listeningSockets(deployment.delegates.get('inside')?.child.pid ?? 0)).toBe(0);
  },
);
