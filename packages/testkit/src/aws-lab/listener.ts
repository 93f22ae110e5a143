// One HTTP listener on loopback that can be stopped and started again on the same port, as when a network partition heals.
import { createServer } from 'node:http';
import type { RequestListener, Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export type Listener = {
  /** `http://127.0.0.1:PORT` */
  url: string;
  port: number;
  /** Stops listening and breaks every connection; connecting is refused from then on. */
  stop(): Promise<void>;
  /** Listens again on the same port. */
  start(): Promise<void>;
};

/** Listens on 127.0.0.1; port 0 picks a free one, which is then kept. */
export async function startListener(handler: RequestListener, port: number): Promise<Listener> {
  let server: Server | null = await listen(handler, port);
  const chosen = (server.address() as AddressInfo).port;
  return {
    url: `http://127.0.0.1:${chosen}`,
    port: chosen,
    stop: async () => {
      const stopping = server;
      server = null;
      if (stopping === null) return;
      await new Promise<void>((resolve) => {
        stopping.close(() => resolve());
        stopping.closeAllConnections();
      });
    },
    start: async () => {
      server ??= await listen(handler, chosen);
    },
  };
}

async function listen(handler: RequestListener, port: number): Promise<Server> {
  const server = createServer({ keepAliveTimeout: 60_000 }, handler);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      server.off('error', reject);
      resolve();
    });
  });
  return server;
}
