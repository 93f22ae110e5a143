// What tests of audit sinks share: records to deliver, servers to deliver them to.
import { once } from 'node:events';
import type { Server } from 'node:http';
import { chainRecord } from '@sallyport/protocol/audit';
import type { SinkItem } from '../src/audit-sinks/audit-sink.ts';
import { NOW_MS } from './storage-rows.ts';

/** Items with records of these sequences. */
export function items(first: number, last: number, over: object = {}): SinkItem[] {
  return Array.from({ length: last - first + 1 }, (_, index) => {
    const content = {
      atMs: NOW_MS,
      actor: 'key_1',
      actorKind: 'api-key' as const,
      actorName: 'Zoë',
      action: 'secret.released' as const,
      resource: 'sec_1',
      resourceName: 'db-password',
      applicationId: null,
      environmentId: null,
      purpose: null,
      requestId: null,
      details: { version: 1 },
      ...over,
    };
    const { record } = chainRecord({ sequence: first + index - 1, hash: 'a'.repeat(64) }, content);
    return { type: 'record', record };
  });
}

export const gap: SinkItem = { type: 'gap', from: 3, to: 9, reason: 'too-far-behind', atMs: NOW_MS };

/** Listens on any free port of loopback. */
export async function listen(server: { listen(port: number, host: string): unknown }): Promise<void> {
  server.listen(0, '127.0.0.1');
  await once(server as Server, 'listening');
}

/** Polls the event loop, not the clock. */
export async function untilTrue(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}
