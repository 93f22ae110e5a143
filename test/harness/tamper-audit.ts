// What somebody can do to the audit trail who has the database file and knows how its chain is made.
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect } from 'vitest';
import { contentHashOf, linkHash } from '@sallyport/protocol/audit';
import type { AnyAuditRecord } from '@sallyport/protocol/audit';

type Row = Record<string, string | number | null>;

/** Changes the database as somebody can who has its file, triggers or not. */
export function tamper(folder: string, change: (database: DatabaseSync) => void): void {
  const database = new DatabaseSync(join(folder, 'sallyport.db'), { enableForeignKeyConstraints: false });
  const triggers = database
    .prepare("SELECT name FROM sqlite_schema WHERE type = 'trigger' AND name LIKE 'audit%'")
    .all();
  expect(triggers.length).toBeGreaterThan(3);
  for (const { name } of triggers) database.exec(`DROP TRIGGER ${String(name)}`);
  change(database);
  database.close();
}

/** Cuts the trail after a record, with everything that would give that away in the database itself. */
export function cutAfter(database: DatabaseSync, sequence: number): void {
  database.exec(`DELETE FROM audit_records WHERE sequence > ${sequence}`);
  database.exec(`DELETE FROM audit_checkpoints WHERE sequence > ${sequence}`);
  database.exec(
    `UPDATE audit_head SET sequence = ${sequence}, hash = (SELECT hash FROM audit_records WHERE sequence = ${sequence})`,
  );
}

/** Changes one record and makes every hash from there on anew: the chain in the database holds afterwards. */
export function rewriteFrom(database: DatabaseSync, first: number): void {
  const rows = database.prepare('SELECT * FROM audit_records ORDER BY sequence').all() as Row[];
  const put = database.prepare(
    'UPDATE audit_records SET actor_name = ?, content_hash = ?, hash = ? WHERE sequence = ?',
  );
  let previous = '';
  for (const row of rows) {
    const sequence = Number(row['sequence']);
    if (sequence >= first) {
      const actorName = sequence === first ? 'somebody else' : String(row['actor_name']);
      const contentHash = contentHashOf(saidIn({ ...row, actor_name: actorName }));
      previous = linkHash(previous, contentHash);
      put.run(actorName, contentHash, previous, sequence);
    } else previous = String(row['hash']);
  }
  database.prepare('UPDATE audit_head SET hash = ?').run(previous);
}

function saidIn(row: Row): Parameters<typeof contentHashOf>[0] {
  return {
    sequence: row['sequence'],
    atMs: row['at_ms'],
    actor: row['actor'],
    actorKind: row['actor_kind'],
    actorName: row['actor_name'],
    action: row['action'],
    resource: row['resource'],
    resourceName: row['resource_name'],
    applicationId: row['application_id'],
    environmentId: row['environment_id'],
    purpose: row['purpose'],
    requestId: row['request_id'],
    details: JSON.parse(String(row['details'])) as AnyAuditRecord['details'],
  } as AnyAuditRecord;
}
