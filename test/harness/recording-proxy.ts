// A TCP relay on loopback that keeps every byte of both directions, to be searched afterwards.
import { connect, createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';

export type RecordingProxy = {
  /** Address to use in place of the target's. */
  address: string;
  /** All bytes that passed, in both directions. */
  recorded(): Buffer;
  close(): void;
};

export async function startRecordingProxy(target: string): Promise<RecordingProxy> {
  const { port, hostname } = new URL(target);
  const chunks: Buffer[] = [];
  const server = createServer((incoming) => {
    const outgoing = connect(Number(port), hostname);
    for (const socket of [incoming, outgoing]) {
      socket.on('data', (chunk: Buffer) => chunks.push(Buffer.from(chunk)));
      socket.on('error', () => {
        incoming.destroy();
        outgoing.destroy();
      });
    }
    incoming.pipe(outgoing);
    outgoing.pipe(incoming);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    recorded: () => Buffer.concat(chunks),
    close: () => server.close(),
  };
}
