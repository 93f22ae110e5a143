// `sallyport audit status`: how the audit trail stands, for a person or as JSON.
import type { Invocation } from '../command-line/command.ts';
import { withClient } from '../config/open-client.ts';
import { printableTime } from '../output/printable.ts';
import { fields, table } from '../output/table.ts';
import { note, writeData, writeJson } from '../output/terminal.ts';

export async function showAuditStatus(invocation: Invocation): Promise<void> {
  const { terminal, flags } = invocation;
  const status = await withClient(invocation, (client) => client.call('auditStatus'));
  if (flags.text('output') === 'json') return writeJson(terminal, status);
  const { accountId, head, floor, retentionDays, signers, sinks } = status;
  await writeData(
    terminal,
    fields([
      ['account', accountId],
      ['records', `${floor.sequence + 1} to ${head.sequence}`],
      ['retention', retentionDays === null ? 'for ever' : `${retentionDays} days`],
      ['newest hash', head.hash],
    ]),
  );
  const signerRows = signers.map(({ name, connected, last, refusal, fingerprint }) => [
    name,
    connected ? 'yes' : 'no',
    last === null ? '-' : String(last.sequence),
    last === null ? '-' : printableAge(last.ageSeconds),
    refusal === null ? 'no' : refusal.reason,
    fingerprint,
  ]);
  const signerHeadings = ['DELEGATE', 'CONNECTED', 'SIGNED UP TO', 'AGE', 'REFUSES', 'FINGERPRINT'];
  if (signers.length > 0) await writeData(terminal, `\n${table(signerHeadings, signerRows)}`);
  const sinkRows = sinks.map((sink) => [
    sink.name,
    sink.kind,
    String(sink.deliveredSequence),
    String(sink.lagRecords),
    String(sink.droppedRecords),
    sink.lastError === null ? '-' : `${printableTime(sink.lastError.atMs)} ${sink.lastError.message}`,
  ]);
  const sinkHeadings = ['SINK', 'KIND', 'DELIVERED', 'BEHIND', 'MISSED', 'LAST ERROR'];
  if (sinks.length > 0) await writeData(terminal, `\n${table(sinkHeadings, sinkRows)}`);
  for (const { name, refusal } of signers) {
    if (refusal === null) continue;
    await note(
      terminal,
      `warning: on ${printableTime(refusal.atMs)} delegate ${name} refused to sign: ${refusal.message}`,
    );
  }
}

function printableAge(seconds: number): string {
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  return seconds < 172_800 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86_400)} d`;
}
