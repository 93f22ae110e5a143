// The client of Node programs: Node's own HTTP and cryptography.
import type { ScriptEnd } from '@sallyport/protocol';
import { nodeSealing } from '../delegates/node-sealing.ts';
import { parseAddress } from '../http/address.ts';
import type { RouteTable } from '../http/read-answer.ts';
import { UNCHECKED_ROUTES } from '../http/route-rows.ts';
import { nodeTransport } from '../http/node-transport.ts';
import type { ScriptOptions } from '../scripts/run-script.ts';
import { clientOf, wire } from './create-client.ts';
import type { Client, ClientOptions } from './create-client.ts';

export type NodeClientOptions = ClientOptions & {
  /**
   * The protocol's `ROUTES`, to have the form of every answer checked by its schema: a server of another version is then told by an error of
   * its own. Left out: forms are believed, and no schemas are loaded. What is sealed is checked in any case.
   */
  routes?: RouteTable;
};

/** What a client in Node can do beyond one in a web page. */
export type NodeClient = Client & {
  /**
   * Runs a script on a delegate; resolves when it has ended, however it ended. Secrets in it, as `${secrets.getValue("name")}`, get their
   * values at the delegate; its output comes masked. Needs the permission `run-scripts`, and a delegate whose guard file allows scripts.
   * @throws {forbidden} {no-delegate} {delegate-refused} {delegate-lost}, and what concerns its secrets
   */
  runScript(script: string, options: ScriptOptions): Promise<ScriptEnd>;
};

/** A client for Node. @throws {config-invalid} when address, key or CA certificates cannot be used */
export function createClient(options: NodeClientOptions): NodeClient {
  const transport = nodeTransport({
    address: parseAddress(options.address, { allowPlainHttp: options.allowPlainHttp ?? false }),
    caPem: options.caPem ?? null,
    connectTimeoutMs: options.connectTimeoutMs ?? 5000,
    idleTimeoutMs: options.idleTimeoutMs ?? 120_000,
  });
  const wiring = wire(
    { transport, sealing: nodeSealing, routes: options.routes ?? UNCHECKED_ROUTES },
    options,
  );
  return {
    ...clientOf(wiring),
    // Loaded when it is needed: most programs run none.
    runScript: async (script, given) =>
      (await import('../scripts/run-script.ts')).runScript(wiring, script, given),
  };
}
