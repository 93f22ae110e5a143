// From settings to feeds, one per sink.
import type { Logger } from 'pino';
import type { Clock } from '../clock.ts';
import type { Store } from '../storage/store.ts';
import type { AuditSink } from './audit-sink.ts';
import { FileSink } from './file-sink.ts';
import { SinkFeed } from './sink-feed.ts';
import { readWebhookSecret } from './sink-settings.ts';
import type { AuditSinkSettings } from './sink-settings.ts';
import { openSyslogSink } from './syslog-sink.ts';
import { WebhookSink } from './webhook-sink.ts';

type SinkServices = { store: Store; clock: Clock; logger: Logger; accountId: string };

/** @throws {config-invalid} when a file that a sink needs cannot be used */
export function openSinks(settings: readonly AuditSinkSettings[], services: SinkServices): SinkFeed[] {
  return settings.map((one) => {
    const { name, capRecords } = one;
    return new SinkFeed({ name, capRecords, sink: openSink(one, services) }, services);
  });
}

function openSink(settings: AuditSinkSettings, services: SinkServices): AuditSink {
  switch (settings.kind) {
    case 'file':
      return new FileSink(settings, services.logger);
    case 'syslog':
      return openSyslogSink(settings, services);
    case 'webhook': {
      const { accountId, clock } = services;
      const secret = settings.secretFile === null ? null : readWebhookSecret(settings.secretFile);
      return new WebhookSink(settings, { accountId, secret, clock });
    }
    default:
      return settings satisfies never;
  }
}
