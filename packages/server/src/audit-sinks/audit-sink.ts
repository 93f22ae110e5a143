// The port to a place outside of the server that audit records are copied to: a file, a syslog server, a webhook. A sink delivers what it
// is handed and keeps nothing; sink-feed.ts decides what it gets and when.
import type { AuditRecord } from '@sallyport/protocol';

/** What a sink is handed. */
export type SinkItem =
  | { type: 'record'; record: AuditRecord }
  /** Records that it will never get: they had become too many, or retention removed them first. */
  | { type: 'gap'; from: number; to: number; reason: 'too-far-behind' | 'removed'; atMs: number };

export type SinkKind = 'file' | 'syslog' | 'webhook';

export type AuditSink = {
  readonly kind: SinkKind;
  /** Items that one delivery takes at most. */
  readonly batchMax: number;
  /**
   * Delivers all of `items`, in order; resolves once the other side has taken them, as far as it says so. What was delivered before a
   * failure is delivered again.
   * @throws whatever went wrong: then none of them counts as delivered
   */
  deliver(items: readonly SinkItem[], signal: AbortSignal): Promise<void>;
  /** Gives up connections and files. */
  close(): Promise<void>;
};

/** An item as JSON, on one line. */
export function printItem(item: SinkItem): string {
  if (item.type === 'gap') return JSON.stringify(item);
  return JSON.stringify({ type: 'record', ...item.record });
}
