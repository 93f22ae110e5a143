// A TCP relay on loopback that can stop to forward without closing anything, as a network does that lost a route: both ends believe that
// they are connected.
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';

export type GateProxy = {
  /** Address to use in place of the target's. */
  address: string;
  /** Nothing passes any more, in either direction, on connections there are and on new ones. */
  shut(): void;
  /** What waits passes now. */
  open(): void;
  close(): void;
};

export async function startGateProxy(target: string): Promise<GateProxy> {
  const { port, hostname } = new URL(target);
  const sockets = new Set<Socket>();
  let isShut = false;
  const server = createServer((incoming) => {
    const outgoing = connect(Number(port), hostname);
    for (const [from, to] of [
      [incoming, outgoing],
      [outgoing, incoming],
    ] as const) {
      sockets.add(from);
      from.on('data', (chunk: Buffer) => to.write(chunk));
      from.on('error', () => from.destroy());
      from.once('close', () => {
        sockets.delete(from);
        if (!isShut) to.destroy();
      });
      if (isShut) from.pause();
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    shut: () => {
      isShut = true;
      for (const socket of sockets) socket.pause();
    },
    open: () => {
      isShut = false;
      for (const socket of sockets) socket.resume();
    },
    close: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
