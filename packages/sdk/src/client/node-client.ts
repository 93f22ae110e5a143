// The client of Node programs: Node's own HTTP and cryptography.
import { nodeSealing } from '../delegates/node-sealing.ts';
import { parseAddress } from '../http/address.ts';
import type { RouteTable } from '../http/read-answer.ts';
import { UNCHECKED_ROUTES } from '../http/route-rows.ts';
import { nodeTransport } from '../http/node-transport.ts';
import { clientOf, wire } from './create-client.ts';
import type { Client, ClientOptions } from './create-client.ts';
import type { Wiring } from './wiring.ts';

export type NodeClientOptions = ClientOptions & {
  /**
   * The protocol's `ROUTES`, to have the form of every answer checked by its schema: a server of another version is then told by an error of
   * its own. Left out: forms are believed, and no schemas are loaded. What is sealed is checked in any case.
   */
  routes?: RouteTable;
};

/** A client for Node. @throws {config-invalid} when address, key or CA certificates cannot be used */
export function createClient(options: NodeClientOptions): Client {
  return clientOf(wireNode(options));
}

/** What the operations of a client for Node share. @throws {config-invalid} as `createClient` */
export function wireNode(options: NodeClientOptions): Wiring {
  const transport = nodeTransport({
    address: parseAddress(options.address, { allowPlainHttp: options.allowPlainHttp ?? false }),
    caPem: options.caPem ?? null,
    connectTimeoutMs: options.connectTimeoutMs ?? 5000,
    idleTimeoutMs: options.idleTimeoutMs ?? 120_000,
  });
  return wire({ transport, sealing: nodeSealing, routes: options.routes ?? UNCHECKED_ROUTES }, options);
}
