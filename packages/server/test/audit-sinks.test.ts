// Sinks of the audit trail with real files and real web servers: what they get, in which form, and what happens while the other side is
// away. Syslog has a file of its own.
import { createHmac } from 'node:crypto';
import { appendFile, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { createServer as createHttpServer } from 'node:http';
import type { IncomingHttpHeaders, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { SinkItem } from '../src/audit-sinks/audit-sink.ts';
import { FileSink } from '../src/audit-sinks/file-sink.ts';
import { readWebhookSecret } from '../src/audit-sinks/sink-settings.ts';
import { WebhookSink } from '../src/audit-sinks/webhook-sink.ts';
import { parseServerConfig } from '../src/index.ts';
import { ACCOUNT_ID } from './audit-signer.ts';
import { gap, items, listen } from './audit-sink-items.ts';
import { ManualClock } from './manual-clock.ts';
import { NOW_MS } from './storage-rows.ts';
import type { Loose } from './test-server.ts';

const logger = pino({ level: 'silent' });
const { signal } = new AbortController();

let folder: string;
const ends: (() => unknown)[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sallyport-sinks-'));
});
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
  await rm(folder, { recursive: true, force: true });
});

describe('a file', () => {
  const path = (): string => join(folder, 'audit.jsonl');
  function open(settings: { maxBytes?: number; keepFiles?: number } = {}): FileSink {
    const sink = new FileSink({ path: path(), maxBytes: 1_000_000, keepFiles: 2, ...settings }, logger);
    ends.push(() => sink.close());
    return sink;
  }
  const linesOf = async (name: string): Promise<Loose[]> =>
    (await readFile(join(folder, name), 'utf8'))
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line));
  const sequencesIn = async (name: string): Promise<number[]> =>
    (await linesOf(name)).map(({ sequence, from }) => sequence ?? from);

  test('gets one JSON object a line, is its owner’s only, and is continued', async () => {
    const sink = open();
    const delivered = [...items(1, 2), gap];
    await sink.deliver(delivered);
    await open().deliver(items(10, 10));
    const lines = await linesOf('audit.jsonl');
    expect(lines).toEqual([
      ...items(1, 2).map((item) => ({
        type: 'record',
        ...(item as Extract<SinkItem, { type: 'record' }>).record,
      })),
      gap,
      expect.objectContaining({ type: 'record', sequence: 10 }),
    ]);
    expect((await stat(path())).mode & 0o777).toBe(0o600);
  });

  test('is begun anew before it grows beyond its size, and only so many old ones are kept', async () => {
    const sink = open({ maxBytes: 1200, keepFiles: 2 });
    for (let sequence = 1; sequence <= 8; sequence++) await sink.deliver(items(sequence, sequence));
    expect((await readdir(folder)).toSorted()).toEqual(['audit.jsonl', 'audit.jsonl.1', 'audit.jsonl.2']);
    const kept = [];
    for (const name of ['audit.jsonl.2', 'audit.jsonl.1', 'audit.jsonl']) {
      kept.push(...(await sequencesIn(name)));
      expect((await stat(join(folder, name))).size).toBeLessThanOrEqual(1200);
    }
    expect(kept).toEqual([3, 4, 5, 6, 7, 8]);
  });

  test('one batch that is larger than a file goes into a file of its own', async () => {
    const sink = open({ maxBytes: 600, keepFiles: 0 });
    await sink.deliver(items(1, 3));
    await sink.deliver(items(4, 6));
    expect(await readdir(folder)).toEqual(['audit.jsonl']);
    expect(await sequencesIn('audit.jsonl')).toEqual([4, 5, 6]);
  });

  test('that was moved or deleted is noticed, and begun anew under its name', async () => {
    const sink = open();
    await sink.deliver(items(1, 1));
    await rename(path(), join(folder, 'moved'));
    await sink.deliver(items(2, 2));
    await rm(path());
    await sink.deliver(items(3, 3));
    expect([await sequencesIn('moved'), await sequencesIn('audit.jsonl')]).toEqual([[1], [3]]);
  });

  test('with a last line that was only half written gets whole lines from then on', async () => {
    await open().deliver(items(1, 1));
    await appendFile(path(), '{"type":"record","sequ');
    await open().deliver(items(2, 2));
    const lines = (await readFile(path(), 'utf8')).split('\n');
    expect(lines[1]).toBe('{"type":"record","sequ');
    expect(JSON.parse(lines[2] ?? '').sequence).toBe(2);
  });

  test('that cannot be written says so, and works again afterwards', async () => {
    const sink = open();
    await rm(folder, { recursive: true });
    await expect(sink.deliver(items(1, 1))).rejects.toMatchObject({ code: 'ENOENT' });
    folder = await mkdtemp(folder);
    const again = new FileSink({ path: path(), maxBytes: 10_000, keepFiles: 1 }, logger);
    ends.push(() => again.close());
    await again.deliver(items(1, 1));
    expect(await sequencesIn('audit.jsonl')).toEqual([1]);
  });
});

describe('a webhook', () => {
  type Request = { method: string; url: string; headers: IncomingHttpHeaders; body: string };

  async function receiver(answer: (request: Request, count: number) => number | 'silence' | 'redirect') {
    const requests: Request[] = [];
    const server: Server = createHttpServer((request, response) => {
      let body = '';
      request.on('data', (part: Buffer) => {
        body += part.toString();
      });
      request.on('end', () => {
        const got = { method: request.method ?? '', url: request.url ?? '', headers: request.headers, body };
        requests.push(got);
        const status = answer(got, requests.length);
        if (status === 'silence') return;
        if (status === 'redirect') response.writeHead(307, { location: '/elsewhere' }).end();
        else response.writeHead(status).end('whatever');
      });
    });
    await listen(server);
    ends.push(() => {
      server.closeAllConnections();
      server.close();
    });
    return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`, requests };
  }

  const clock = new ManualClock(NOW_MS);
  const sinkFor = (url: string, secret: string | null = null, timeoutSeconds = 10): WebhookSink =>
    new WebhookSink({ name: 'siem', url, timeoutSeconds }, { accountId: ACCOUNT_ID, secret, clock });

  test('gets a batch as JSON, with time and signature that it can check', async () => {
    const { url, requests } = await receiver(() => 204);
    const secret = 'a secret of sufficient length';
    await sinkFor(url, secret).deliver([...items(1, 2), gap], signal);
    const [request] = requests as [Request];
    expect([request.method, request.url, request.headers['content-type']]).toEqual([
      'POST',
      '/hook',
      'application/json',
    ]);
    const body: Loose = JSON.parse(request.body);
    expect(body).toMatchObject({ accountId: ACCOUNT_ID, sink: 'siem' });
    expect(body.items.map(({ type, sequence }: Loose) => [type, sequence])).toEqual([
      ['record', 1],
      ['record', 2],
      ['gap', undefined],
    ]);
    const seconds = NOW_MS / 1000;
    const mac = createHmac('sha256', secret).update(`${seconds}.${request.body}`).digest('hex');
    expect(request.headers['x-sallyport-signature']).toBe(`t=${seconds},v1=${mac}`);
    await sinkFor(url).deliver(items(3, 3), signal);
    expect(requests[1]?.headers['x-sallyport-signature']).toBeUndefined();
  });

  test('that does not take a batch, answers too late, or points elsewhere has not got it', async () => {
    const { url, requests } = await receiver((_, count) => {
      if (count === 1) return 500;
      if (count === 2) return 404;
      return count === 3 ? 'redirect' : 'silence';
    });
    const sink = sinkFor(url, null, 1);
    await expect(sink.deliver(items(1, 1), signal)).rejects.toThrow('status 500');
    await expect(sink.deliver(items(1, 1), signal)).rejects.toThrow('status 404');
    await expect(sink.deliver(items(1, 1), signal)).rejects.toThrow();
    await expect(sink.deliver(items(1, 1), signal)).rejects.toThrow(/time/i);
    expect(requests.map(({ url: path }) => path)).toEqual(['/hook', '/hook', '/hook', '/hook']);
  });
});

describe('settings of sinks', () => {
  const parse = (auditSinks: object[]) =>
    parseServerConfig({ dataFolder: folder, rootKey: { base64: 'x' }, auditSinks });

  test('have sensible defaults', () => {
    const { auditSinks } = parse([
      { kind: 'file', name: 'file', path: '/var/log/audit.jsonl' },
      { kind: 'webhook', name: 'siem', url: 'https://siem.example.com/hook' },
    ]);
    expect(auditSinks).toMatchObject([
      { capRecords: 1_000_000, maxBytes: 104_857_600, keepFiles: 9 },
      { capRecords: 1_000_000, secretFile: null, timeoutSeconds: 10 },
    ]);
  });

  test.each([
    ['plain http to another host', [{ kind: 'webhook', name: 'a', url: 'http://siem.example.com/' }]],
    [
      'credentials in the address',
      [{ kind: 'webhook', name: 'a', url: 'https://me:secret@siem.example.com/' }],
    ],
    ['another scheme', [{ kind: 'webhook', name: 'a', url: 'ftp://siem.example.com/' }]],
    ['two of one name', ['a', 'a'].map((name) => ({ kind: 'file', name, path: '/x' }))],
    ['a name that is none', [{ kind: 'file', name: 'My Sink', path: '/x' }]],
    ['a misspelt setting', [{ kind: 'file', name: 'a', path: '/x', maxbytes: 1 }]],
  ])('are refused with %s', (_, sinks) => {
    expect(() => parse(sinks)).toThrow(expect.objectContaining({ code: 'config-invalid' }));
  });

  test('the secret of a webhook is the first line of its file, and long enough to be one', async () => {
    const file = join(folder, 'secret');
    await writeFile(file, 'sixteen letters!\nand more\n');
    expect(readWebhookSecret(file)).toBe('sixteen letters!');
    await writeFile(file, 'too short\n');
    for (const path of [file, join(folder, 'none')]) {
      expect(() => readWebhookSecret(path)).toThrow(expect.objectContaining({ code: 'config-invalid' }));
    }
  });

  test('plain http is fine on loopback', () => {
    for (const host of ['localhost', '127.0.0.1', '[::1]']) {
      expect(() => parse([{ kind: 'webhook', name: 'a', url: `http://${host}:8080/` }])).not.toThrow();
    }
  });
});
