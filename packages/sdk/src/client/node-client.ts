// The client of Node programs: Node's own HTTP and cryptography, and the protocol's route table with its schemas.
import { ROUTES } from '@sallyport/protocol';
import { nodeSealing } from '../delegates/node-sealing.ts';
import { parseAddress } from '../http/address.ts';
import { nodeTransport } from '../http/node-transport.ts';
import { clientOver } from './create-client.ts';
import type { Client, ClientOptions } from './create-client.ts';

/** A client for Node. @throws {config-invalid} when address, key or CA certificates cannot be used */
export function createClient(options: ClientOptions): Client {
  const transport = nodeTransport({
    address: parseAddress(options.address, { allowPlainHttp: options.allowPlainHttp ?? false }),
    caPem: options.caPem ?? null,
    connectTimeoutMs: options.connectTimeoutMs ?? 5000,
    idleTimeoutMs: options.idleTimeoutMs ?? 120_000,
  });
  return clientOver({ transport, sealing: nodeSealing, routes: ROUTES }, options);
}
