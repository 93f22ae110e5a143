// Syslog as a sink of the audit trail, over real sockets: RFC 5424 messages by UDP, TCP and TLS, and what is sent again after a connection
// broke.
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer as createTcpServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer as createTlsServer } from 'node:tls';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openSyslogSink } from '../src/audit-sinks/syslog-sink.ts';
import { gap, items, listen, untilTrue } from './audit-sink-items.ts';
import { ManualClock } from './manual-clock.ts';
import { selfSigned } from './self-signed.ts';
import { NOW_MS } from './storage-rows.ts';

const logger = pino({ level: 'silent' });
const { signal } = new AbortController();

let folder: string;
const ends: (() => unknown)[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sallyport-syslog-'));
});
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
  await rm(folder, { recursive: true, force: true });
});

describe('syslog', () => {
  const clock = new ManualClock(NOW_MS);
  const settings = { host: '127.0.0.1', port: 0, facility: 13, caFile: null };
  const head = (severity: number): string =>
    `<${13 * 8 + severity}>1 ${new Date(NOW_MS).toISOString()} ${hostname()} sallyport ${process.pid}`;

  /** A stream server that gathers what it gets. */
  async function streamServer(tls: { cert: string; key: string } | null) {
    const received: string[] = [];
    const sockets: Socket[] = [];
    const accept = (socket: Socket): void => {
      sockets.push(socket);
      received.push('');
      const index = received.length - 1;
      socket.on('error', () => undefined);
      socket.on('data', (part: Buffer) => {
        received[index] += part.toString('latin1');
      });
    };
    const server = tls === null ? createTcpServer(accept) : createTlsServer(tls, accept);
    server.on('error', () => undefined);
    await listen(server);
    ends.push(() => {
      for (const socket of sockets) socket.destroy();
      server.close();
    });
    const { port } = server.address() as AddressInfo;
    return { port, received, sockets, server };
  }

  /** Cuts a stream at its octet counts. */
  function messagesIn(stream: string): string[] {
    const messages: string[] = [];
    for (let rest = stream; rest !== '';) {
      const blank = rest.indexOf(' ');
      const length = Number(rest.slice(0, blank));
      messages.push(rest.slice(blank + 1, blank + 1 + length));
      rest = rest.slice(blank + 1 + length);
    }
    return messages;
  }

  const sequenceOf = (message: string): number => JSON.parse(message.slice(message.indexOf('{'))).sequence;

  test('over UDP gets one datagram per record, in ASCII, with the action as its id', async () => {
    const receiver = createSocket('udp4');
    ends.push(() => receiver.close());
    receiver.bind(0, '127.0.0.1');
    await once(receiver, 'listening');
    const messages: string[] = [];
    receiver.on('message', (message) => messages.push(message.toString('latin1')));
    const sink = openSyslogSink(
      { ...settings, transport: 'udp', port: receiver.address().port },
      { clock, logger },
    );
    const refused = items(2, 2, { action: 'secret.refused', details: { text: 'x'.repeat(70_000) } });
    await sink.deliver([...items(1, 1), ...refused, gap], signal);
    await untilTrue(() => messages.length === 3);
    const [first = '', second = '', third = ''] = messages;
    expect(first.startsWith(`${head(6)} secret.released - {"type":"record","sequence":1,`)).toBe(true);
    expect(first).toContain('"actorName":"Zo\\u00eb"');
    expect(JSON.parse(first.slice(first.indexOf('{')))).toMatchObject({ actorName: 'Zoë' });
    expect(second.startsWith(`${head(4)} secret.refused - `)).toBe(true);
    expect(second).toContain('"details":{"tooLarge":true}');
    expect(third).toBe(`${head(4)} gap - ${JSON.stringify(gap)}`);
  });

  test('over TCP gets messages behind their length, on one connection', async () => {
    const { port, received } = await streamServer(null);
    const sink = openSyslogSink({ ...settings, transport: 'tcp', port }, { clock, logger });
    ends.push(() => sink.close());
    await sink.deliver(items(1, 3), signal);
    await sink.deliver(items(4, 4, { details: { text: 'é {} 12 <34>' } }), signal);
    await untilTrue(() => messagesIn(received[0] ?? '').length === 4);
    expect(received).toHaveLength(1);
    const messages = messagesIn(received[0] ?? '');
    expect(messages.map(sequenceOf)).toEqual([1, 2, 3, 4]);
    expect(messages[0]?.startsWith(head(6))).toBe(true);
  });

  test('over TLS trusts the given certificates and no others', async () => {
    const { certificate, key } = selfSigned();
    const caFile = join(folder, 'ca.pem');
    await writeFile(caFile, certificate);
    const { port, received } = await streamServer({ cert: certificate, key });
    const base = { ...settings, transport: 'tls' as const, host: 'localhost', port };
    const stranger = openSyslogSink(base, { clock, logger });
    await expect(stranger.deliver(items(1, 1), signal)).rejects.toThrow(/self-signed|certificate/);
    const sink = openSyslogSink({ ...base, caFile }, { clock, logger });
    ends.push(() => sink.close());
    await sink.deliver(items(2, 2), signal);
    await untilTrue(() => received.some((stream) => stream !== ''));
    expect(messagesIn(received.find((stream) => stream !== '') ?? '').map(sequenceOf)).toEqual([2]);
    expect(() => openSyslogSink({ ...base, caFile: join(folder, 'none') }, { clock, logger })).toThrow(
      expect.objectContaining({ code: 'config-invalid' }),
    );
  });

  test('after a broken connection gets again what it may not have read', async () => {
    const { port, received, sockets } = await streamServer(null);
    const sink = openSyslogSink({ ...settings, transport: 'tcp', port }, { clock, logger });
    ends.push(() => sink.close());
    let next = 1;
    /** Delivers until there is a new connection: until its end is noticed, the system takes bytes for the old one. */
    const deliverOnANewOne = async (): Promise<number[]> => {
      const before = sockets.length;
      while (sockets.length === before) {
        await sink.deliver(items(next, next), signal).then(
          () => (next += 1),
          () => undefined,
        );
        await new Promise((resolve) => setImmediate(resolve));
      }
      const inNewest = () => messagesIn(received.at(-1) ?? '').map(sequenceOf);
      await untilTrue(() => inNewest().includes(next - 1));
      return inNewest();
    };
    const breakOff = async (): Promise<void> => {
      const socket = sockets.at(-1) as Socket;
      const closed = once(socket, 'close');
      socket.destroy();
      await closed;
    };
    expect(await deliverOnANewOne()).toEqual([1]);
    await breakOff();
    const again = await deliverOnANewOne();
    expect(again).toEqual(Array.from({ length: next - 1 }, (_, index) => index + 1));
    clock.advance(61_000);
    await breakOff();
    // What is older than a minute has been read by whoever had it.
    const first = next;
    expect((await deliverOnANewOne())[0]).toBe(first);
  });

  test('that is not there fails, and can be given up', async () => {
    const server = createTcpServer();
    await listen(server);
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    const sink = openSyslogSink({ ...settings, transport: 'tcp', port }, { clock, logger });
    await expect(sink.deliver(items(1, 1), signal)).rejects.toThrow(/ECONNREFUSED/);
    await expect(sink.deliver(items(1, 1), AbortSignal.abort(new Error('stopped')))).rejects.toThrow();
  });
});
