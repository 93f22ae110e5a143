// A client that also runs scripts on delegates. Apart from the usual one, since most programs run none and should not carry what it takes.
import type { ScriptEnd } from '@sallyport/protocol';
import { runScript } from '../scripts/run-script.ts';
import type { ScriptOptions } from '../scripts/run-script.ts';
import { clientOf } from './create-client.ts';
import type { Client } from './create-client.ts';
import { wireNode } from './node-client.ts';
import type { NodeClientOptions } from './node-client.ts';

export type ScriptClient = Client & {
  /**
   * Runs a script on a delegate; resolves when it has ended, however it ended. Secrets in it, as `${secrets.getValue("name")}`, get their
   * values at the delegate; its output comes masked. Needs the permission `run-scripts`, and a delegate whose guard file allows scripts.
   * @throws {forbidden} {no-delegate} {delegate-refused} {delegate-lost}, and what concerns its secrets
   */
  runScript(script: string, options: ScriptOptions): Promise<ScriptEnd>;
};

/** As `createClient`, with scripts. @throws {config-invalid} when address, key or CA certificates cannot be used */
export function createScriptClient(options: NodeClientOptions): ScriptClient {
  const wiring = wireNode(options);
  return {
    ...clientOf(wiring),
    runScript: async (script, given) => runScript(wiring, script, given),
  };
}
