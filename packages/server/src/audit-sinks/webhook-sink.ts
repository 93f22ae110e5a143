// Copies the audit trail to a webhook: batches as JSON by POST, signed on demand. Any answer but 2xx counts as not delivered.
import { createHmac, createSecretKey } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import type { Clock } from '../clock.ts';
import type { AuditSink, SinkItem } from './audit-sink.ts';
import type { WebhookSinkSettings } from './sink-settings.ts';

/** Header with time and HMAC-SHA256 of a delivery; docs/guide/audit.md says how to check it. */
export const SIGNATURE_HEADER = 'x-sallyport-signature';

export class WebhookSink implements AuditSink {
  readonly kind = 'webhook';
  readonly batchMax = 100;
  readonly #settings: Pick<WebhookSinkSettings, 'name' | 'url' | 'timeoutSeconds'>;
  readonly #accountId: string;
  readonly #key: KeyObject | null;
  readonly #clock: Pick<Clock, 'nowMs'>;

  /** @param parts.secret what deliveries are signed with; null: they are not */
  constructor(
    settings: Pick<WebhookSinkSettings, 'name' | 'url' | 'timeoutSeconds'>,
    parts: { accountId: string; secret: string | null; clock: Pick<Clock, 'nowMs'> },
  ) {
    this.#settings = settings;
    this.#accountId = parts.accountId;
    this.#key = parts.secret === null ? null : createSecretKey(parts.secret, 'utf8');
    this.#clock = parts.clock;
  }

  async deliver(items: readonly SinkItem[], signal: AbortSignal): Promise<void> {
    const { name, url, timeoutSeconds } = this.#settings;
    const listed = items.map((item) => (item.type === 'gap' ? item : { type: 'record', ...item.record }));
    const body = JSON.stringify({ accountId: this.#accountId, sink: name, items: listed });
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...this.#signatureOf(body) },
      body,
      // Whoever answers for another address may not be whom the operator meant.
      redirect: 'error',
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutSeconds * 1000)]),
    });
    await response.body?.cancel();
    if (!response.ok) throw new Error(`the webhook answered with status ${response.status}`);
  }

  async close(): Promise<void> {
    // Connections are the platform's, and end by themselves.
  }

  #signatureOf(body: string): Record<string, string> {
    if (this.#key === null) return {};
    const seconds = Math.floor(this.#clock.nowMs() / 1000);
    const mac = createHmac('sha256', this.#key).update(`${seconds}.${body}`, 'utf8').digest('hex');
    return { [SIGNATURE_HEADER]: `t=${seconds},v1=${mac}` };
  }
}
