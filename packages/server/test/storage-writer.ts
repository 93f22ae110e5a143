// A process for storage-sqlite.test.ts to kill: writes secrets with audit records, several at a time, and prints each one's name
// after it was answered. With a second argument it stops at the first refusal and prints the code.
import { writeSync } from 'node:fs';
import { isAppError } from '@sallyport/core';
import { openSqliteStore } from '../src/storage/sqlite/sqlite-store.ts';
import { addSecret, auditEntry, managerRow } from './storage-rows.ts';

const [path = '', mode = 'until-killed'] = process.argv.slice(2);
const store = await openSqliteStore({ path });
const manager = managerRow({ isDefault: true, name: `manager-${process.pid}` });
await store.write(({ secretsManagers }) => secretsManagers.insert(manager));

let next = 0;
async function writeOne(): Promise<void> {
  const name = `secret-${process.pid}-${next++}`;
  await store.write(async (tables) => {
    await addSecret(tables, { name, manager: manager.id, versions: 2 });
    await tables.audit.append([auditEntry({ resourceName: name, details: { padding: 'x'.repeat(2000) } })]);
  });
  writeSync(1, `${name}\n`);
}

async function client(): Promise<void> {
  for (;;) await writeOne();
}

try {
  await Promise.all(Array.from({ length: 8 }, client));
} catch (thrown) {
  if (mode !== 'until-refused') throw thrown;
  // A few more, all at once: while the disk is full, nothing is half applied.
  const outcomes = await Promise.allSettled(Array.from({ length: 8 }, writeOne));
  const codes = outcomes.map((one) => (one.status === 'fulfilled' ? 'saved' : codeOf(one.reason)));
  writeSync(1, `refused ${codeOf(thrown)} ${codes.join(' ')}\n`);
}

function codeOf(thrown: unknown): string {
  return isAppError(thrown) ? thrown.code : `not ours: ${String(thrown)}`;
}
