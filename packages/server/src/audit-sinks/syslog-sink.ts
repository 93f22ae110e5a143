// Copies the audit trail to a syslog server by UDP, TCP or TLS. Syslog has no acknowledgement: a message counts as delivered when the
// operating system has taken it. What it had taken in the last minute before a connection broke is sent again on the next one.
import { createSocket } from 'node:dgram';
import { readFileSync } from 'node:fs';
import { connect as connectTcp, isIP } from 'node:net';
import type { Socket } from 'node:net';
import { hostname } from 'node:os';
import { connect as connectTls } from 'node:tls';
import type { Logger } from 'pino';
import { AppError } from '@sallyport/core';
import type { Clock } from '../clock.ts';
import type { AuditSink, SinkItem } from './audit-sink.ts';
import type { SyslogSinkSettings } from './sink-settings.ts';
import { frameMessage, syslogMessage } from './syslog-message.ts';
import type { SyslogSender } from './syslog-message.ts';

const CONNECT_MS = 10_000;
/** Largest UDP payload over IPv4. */
const DATAGRAM_MAX_BYTES = 65_507;
const UNCONFIRMED_MAX_BYTES = 1_048_576;
const UNCONFIRMED_MS = 60_000;

type Target = Pick<SyslogSinkSettings, 'transport' | 'host' | 'port' | 'facility'>;

/** @throws {config-invalid} when the file of certificates cannot be read */
export function openSyslogSink(
  settings: Target & Pick<SyslogSinkSettings, 'caFile'>,
  services: { clock: Pick<Clock, 'nowMs'>; logger: Logger },
): AuditSink {
  if (settings.transport === 'udp') return new UdpSyslogSink(settings, services.logger);
  return new StreamSyslogSink(settings, { ca: certificatesIn(settings.caFile), clock: services.clock });
}

function senderOf(settings: Target): SyslogSender {
  return { facility: settings.facility, hostName: hostname(), processId: process.pid };
}

class UdpSyslogSink implements AuditSink {
  readonly kind = 'syslog';
  readonly batchMax = 100;
  readonly #settings: Target;
  readonly #sender: SyslogSender;
  readonly #logger: Logger;

  constructor(settings: Target, logger: Logger) {
    this.#settings = settings;
    this.#sender = senderOf(settings);
    this.#logger = logger;
  }

  async deliver(items: readonly SinkItem[]): Promise<void> {
    const { host, port } = this.#settings;
    // A socket per batch: the name is looked up anew, and nothing is left open.
    const socket = createSocket(isIP(host) === 6 ? 'udp6' : 'udp4');
    try {
      for (const item of items) {
        const bytes = Buffer.from(this.#messageOf(item), 'latin1');
        await new Promise<void>((resolve, reject) => {
          socket.once('error', reject);
          socket.send(bytes, port, host, (error) => (error ? reject(error) : resolve()));
        });
        socket.removeAllListeners('error');
      }
    } finally {
      socket.close();
    }
  }

  async close(): Promise<void> {
    // Nothing is open between deliveries.
  }

  #messageOf(item: SinkItem): string {
    const message = syslogMessage(item, this.#sender);
    if (message.length <= DATAGRAM_MAX_BYTES || item.type === 'gap') return message;
    const { sequence } = item.record;
    this.#logger.warn(
      { sequence },
      'an audit record is too large for a datagram; it is sent without details',
    );
    return syslogMessage({ ...item, record: { ...item.record, details: { tooLarge: true } } }, this.#sender);
  }
}

class StreamSyslogSink implements AuditSink {
  readonly kind = 'syslog';
  readonly batchMax = 200;
  readonly #settings: Target;
  readonly #sender: SyslogSender;
  readonly #ca: string | null;
  readonly #clock: Pick<Clock, 'nowMs'>;
  #socket: Socket | null = null;
  /** Sent on the connection that is open, or that broke last. */
  #unconfirmed: { bytes: Buffer; sentAtMs: number }[] = [];

  constructor(settings: Target, parts: { ca: string | null; clock: Pick<Clock, 'nowMs'> }) {
    this.#settings = settings;
    this.#sender = senderOf(settings);
    this.#ca = parts.ca;
    this.#clock = parts.clock;
  }

  async deliver(items: readonly SinkItem[], signal: AbortSignal): Promise<void> {
    const bytes = Buffer.concat(items.map((item) => frameMessage(syslogMessage(item, this.#sender))));
    const socket = this.#socket ?? (await this.#connect(signal));
    await write(socket, bytes, signal);
    this.#remember(bytes);
  }

  async close(): Promise<void> {
    const socket = this.#socket;
    this.#socket = null;
    socket?.end();
    socket?.unref();
  }

  async #connect(signal: AbortSignal): Promise<Socket> {
    const { transport, host, port } = this.#settings;
    const options = { host, port, timeout: CONNECT_MS };
    const socket =
      transport === 'tls'
        ? connectTls({
            ...options,
            ...(isIP(host) === 0 ? { servername: host } : {}),
            ...(this.#ca === null ? {} : { ca: this.#ca }),
          })
        : connectTcp(options);
    await untilConnected(socket, transport === 'tls' ? 'secureConnect' : 'connect', signal);
    socket.setTimeout(0);
    socket.setKeepAlive(true, 30_000);
    // Whatever a syslog server says is of no meaning, but must be read so that its end is noticed.
    socket.resume();
    socket.on('error', () => undefined);
    socket.on('close', () => {
      if (this.#socket === socket) this.#socket = null;
    });
    const again = this.#recent();
    if (again.length > 0) await write(socket, Buffer.concat(again), signal);
    this.#socket = socket;
    return socket;
  }

  #remember(bytes: Buffer): void {
    this.#unconfirmed.push({ bytes, sentAtMs: this.#clock.nowMs() });
    let total = this.#unconfirmed.reduce((sum, part) => sum + part.bytes.length, 0);
    while (total > UNCONFIRMED_MAX_BYTES && this.#unconfirmed.length > 1) {
      total -= this.#unconfirmed.shift()?.bytes.length ?? 0;
    }
  }

  #recent(): Buffer[] {
    const sinceMs = this.#clock.nowMs() - UNCONFIRMED_MS;
    this.#unconfirmed = this.#unconfirmed.filter(({ sentAtMs }) => sentAtMs >= sinceMs);
    return this.#unconfirmed.map(({ bytes }) => bytes);
  }
}

async function untilConnected(
  socket: Socket,
  event: 'connect' | 'secureConnect',
  signal: AbortSignal,
): Promise<void> {
  const settled = new AbortController();
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once(event, () => {
        resolve();
      });
      socket.once('error', reject);
      socket.once('timeout', () => {
        reject(new Error(`no connection within ${CONNECT_MS / 1000} s`));
      });
      socket.once('close', () => {
        reject(new Error('the connection was closed'));
      });
      const aborted = (): void => {
        reject(signal.reason as Error);
      };
      signal.addEventListener('abort', aborted, { signal: settled.signal });
    });
  } catch (thrown) {
    socket.destroy();
    throw thrown;
  } finally {
    settled.abort();
  }
}

async function write(socket: Socket, bytes: Buffer, signal: AbortSignal): Promise<void> {
  try {
    await new Promise<void>((resolve, reject) => {
      const closed = (): void => {
        reject(new Error('the connection was closed'));
      };
      socket.once('close', closed);
      signal.addEventListener('abort', closed, { once: true });
      socket.write(bytes, (error) => {
        socket.off('close', closed);
        signal.removeEventListener('abort', closed);
        if (error) reject(error);
        else resolve();
      });
    });
  } catch (thrown) {
    socket.destroy();
    throw thrown;
  }
}

function certificatesIn(path: string | null): string | null {
  if (path === null) return null;
  try {
    return readFileSync(path, 'utf8');
  } catch (thrown) {
    throw new AppError('config-invalid', {
      publicMessage: `The file ${path} (CA certificates) cannot be read: ${(thrown as Error).message}.`,
      cause: thrown,
    });
  }
}
