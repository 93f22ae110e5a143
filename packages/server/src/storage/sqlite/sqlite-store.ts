// The SQLite adapter of the storage port: one connection that writes (group-commit.ts) and one that reads from snapshots, so that
// a read neither waits for a commit nor sees half of one.
import { DatabaseSync } from 'node:sqlite';
import { AppError } from '@sallyport/core';
import { systemClock } from '../../clock.ts';
import type { Clock } from '../../clock.ts';
import type { Store, Tables } from '../store.ts';
import { SqliteApiKeys } from './api-keys-table.ts';
import { SqliteApplications } from './applications-table.ts';
import { SqliteAuditCheckpoints } from './audit-checkpoints-table.ts';
import { SqliteAuditRetention } from './audit-retention-table.ts';
import { SqliteSinkPositions } from './audit-sinks-table.ts';
import { SqliteAuditLog } from './audit-table.ts';
import { SqliteConfigEntries } from './config-entries-table.ts';
import { Connection, rollBack, whenFree } from './connection.ts';
import { prepareDatabaseFile } from './database-file.ts';
import { SqliteDelegateProfiles } from './delegate-profiles-table.ts';
import { SqliteDelegates } from './delegates-table.ts';
import { faultOf } from './faults.ts';
import { GroupCommit } from './group-commit.ts';
import { SqliteGroups, SqliteMemberships } from './groups-table.ts';
import type { CommitLimits } from './group-commit.ts';
import { findProblems } from './integrity.ts';
import { SqliteEnvelopeCatalogue } from './envelope-catalogue-table.ts';
import { LogFlush } from './log-flush.ts';
import { migrate } from './migrations.ts';
import { SqliteManagerTests } from './manager-tests-table.ts';
import { SqliteSecretEdits } from './secret-edits-table.ts';
import { SqliteSecrets } from './secrets-table.ts';
import { SqliteSecretsManagers } from './secrets-managers-table.ts';
import { runInSession, Session } from './session.ts';
import { SqliteLocalUseJournals } from './local-use-journals-table.ts';
import { SqliteLinks } from './links-table.ts';
import { SqliteSessions } from './sessions-table.ts';
import { SqliteSettings } from './settings-table.ts';
import { SqliteUploads } from './uploads-table.ts';
import { SqliteWorkloadIssuers } from './workload-issuers-table.ts';
import { SqliteRecoveryCodes, SqliteUsers } from './users-table.ts';
import { SqliteUsage } from './usage-table.ts';

const WORK_DEADLINE_MS = 10_000;
const LOCK_WAIT_MS = 5_000;
/** How long the reader waits while another process recovers the write-ahead log; nothing else can make it wait. */
const READER_BUSY_MS = 1_000;
/** The write-ahead log is cut back to this after it grew beyond, e.g. by a large upload. */
const WAL_KEPT_BYTES = 64 * 1_048_576;
/** Pages in the log before they are folded into the file; that waits for the disk, so it is done eight times less often than usual. */
const CHECKPOINT_PAGES = 8000;
/** Pages kept in memory: the indexes of a long audit trail are written to all over. */
const WRITER_CACHE_KIB = 32_768;

/** Where the database is, and the limits that tests shorten. */
export type SqliteStoreOptions = {
  /** A file, created if absent; or `:memory:` for a store that is gone when it is closed. */
  path: string;
  /** Dates the migrations; the machine's clock unless told. */
  clock?: Pick<Clock, 'nowMs'>;
  /** How long one piece of work may hold its transaction before it is given up; 10 s unless told. */
  workDeadlineMs?: number;
  /** How long a write waits while another process writes to the same file; 5 s unless told. */
  lockWaitMs?: number;
};

/**
 * Opens the store, creating or migrating the database as needed.
 * @throws {config-invalid} when the file is not ours, cannot be written, or was made by a newer version
 * @throws {storage-unavailable} when the database is locked, damaged, or the disk fails
 */
export async function openSqliteStore(options: SqliteStoreOptions): Promise<Store> {
  const limits = {
    deadlineMs: options.workDeadlineMs ?? WORK_DEADLINE_MS,
    lockWaitMs: options.lockWaitMs ?? LOCK_WAIT_MS,
  };
  const nowMs = (options.clock ?? systemClock).nowMs();
  const inMemory = options.path === ':memory:';
  if (!inMemory) await prepareDatabaseFile(options.path);
  const writer = await openWriter({ path: options.path, nowMs, lockWaitMs: limits.lockWaitMs });
  const reader = inMemory ? writer : openReader(options.path, writer);
  return new SqliteStore({ writer, reader, limits, log: inMemory ? null : new LogFlush(options.path) });
}

async function openWriter(options: { path: string; nowMs: number; lockWaitMs: number }): Promise<Connection> {
  const connection = openConnection(options.path, { readOnly: false, busyMs: 0 });
  try {
    await whenFree(options.lockWaitMs, () => connection.all('PRAGMA journal_mode = WAL', []));
    // NORMAL keeps the order of writes that the file's integrity needs (sqlite.org/pragma.html#pragma_synchronous); the flush that
    // makes a commit durable is ours (log-flush.ts).
    // secure_delete: what was deleted is overwritten, not left in free pages.
    connection.script(`PRAGMA synchronous = NORMAL; PRAGMA secure_delete = ON;
      PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES}; PRAGMA cache_size = -${WRITER_CACHE_KIB};
      PRAGMA journal_size_limit = ${WAL_KEPT_BYTES}; PRAGMA trusted_schema = OFF;`);
    await migrate(connection, options);
    return connection;
  } catch (thrown) {
    connection.close();
    throw thrown;
  }
}

function openReader(path: string, writer: Connection): Connection {
  try {
    return openConnection(path, { readOnly: true, busyMs: READER_BUSY_MS });
  } catch (thrown) {
    writer.close();
    throw thrown;
  }
}

function openConnection(path: string, options: { readOnly: boolean; busyMs: number }): Connection {
  try {
    return new Connection(
      new DatabaseSync(path, {
        readOnly: options.readOnly,
        timeout: options.busyMs,
        enableForeignKeyConstraints: true,
        defensive: true,
      }),
    );
  } catch (thrown) {
    throw faultOf(thrown);
  }
}

class SqliteStore implements Store {
  readonly uploads: SqliteUploads;
  readonly #writer: Connection;
  readonly #reader: Connection;
  readonly #commits: GroupCommit;
  readonly #limits: CommitLimits;
  readonly #log: LogFlush | null;
  #closing: Promise<void> | null = null;

  constructor(parts: {
    writer: Connection;
    reader: Connection;
    limits: CommitLimits;
    /** null: nothing to flush, since the database is in memory. */
    log: LogFlush | null;
  }) {
    this.#writer = parts.writer;
    this.#reader = parts.reader;
    this.#limits = parts.limits;
    this.#log = parts.log;
    const flush = async (): Promise<void> => parts.log?.flush();
    this.#commits = new GroupCommit(parts.writer, { limits: parts.limits, flush });
    this.uploads = new SqliteUploads(this.#steps);
  }

  async read<T>(work: (tables: Tables) => Promise<T>): Promise<T> {
    return this.#read(async (session) => work(new SqliteTables(session)));
  }

  async write<T>(work: (tables: Tables) => Promise<T>): Promise<T> {
    return this.#commits.write(async (session) => work(new SqliteTables(session)));
  }

  async checkIntegrity(): Promise<string[]> {
    return findProblems(this.#steps);
  }

  async close(): Promise<void> {
    this.#closing ??= this.#close();
    await this.#closing;
  }

  get #steps() {
    return {
      read: <T>(work: (session: Session) => Promise<T>) => this.#read(work),
      write: <T>(work: (session: Session) => Promise<T>) => this.#commits.write(work),
    };
  }

  async #read<T>(work: (session: Session) => Promise<T>): Promise<T> {
    if (this.#closing !== null) throw closed();
    return this.#reader.exclusive(async () => {
      this.#reader.control('BEGIN');
      try {
        return await runInSession(
          new Session(this.#reader, { writable: false }),
          this.#limits.deadlineMs,
          work,
        );
      } finally {
        rollBack(this.#reader);
      }
    });
  }

  async #close(): Promise<void> {
    await this.#commits.close();
    // The reader first: the last connection that closes folds the write-ahead log into the file and removes it.
    await this.#reader.exclusive(async () => {
      if (this.#reader !== this.#writer) this.#reader.close();
    });
    this.#writer.close();
    await this.#log?.close();
  }
}

/** The tables of one transaction. */
class SqliteTables implements Tables {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  get secrets(): SqliteSecrets {
    return new SqliteSecrets(this.#session);
  }
  get secretEdits(): SqliteSecretEdits {
    return new SqliteSecretEdits(this.#session);
  }
  get envelopes(): SqliteEnvelopeCatalogue {
    return new SqliteEnvelopeCatalogue(this.#session);
  }
  get usage(): SqliteUsage {
    return new SqliteUsage(this.#session);
  }
  get secretsManagers(): SqliteSecretsManagers {
    return new SqliteSecretsManagers(this.#session);
  }
  get managerTests(): SqliteManagerTests {
    return new SqliteManagerTests(this.#session);
  }
  get delegates(): SqliteDelegates {
    return new SqliteDelegates(this.#session);
  }
  get apiKeys(): SqliteApiKeys {
    return new SqliteApiKeys(this.#session);
  }
  get groups(): SqliteGroups {
    return new SqliteGroups(this.#session);
  }
  get memberships(): SqliteMemberships {
    return new SqliteMemberships(this.#session);
  }
  get users(): SqliteUsers {
    return new SqliteUsers(this.#session);
  }
  get recoveryCodes(): SqliteRecoveryCodes {
    return new SqliteRecoveryCodes(this.#session);
  }
  get sessions(): SqliteSessions {
    return new SqliteSessions(this.#session);
  }
  get links(): SqliteLinks {
    return new SqliteLinks(this.#session);
  }
  get applications(): SqliteApplications {
    return new SqliteApplications(this.#session);
  }
  get configEntries(): SqliteConfigEntries {
    return new SqliteConfigEntries(this.#session);
  }
  get workloadIssuers(): SqliteWorkloadIssuers {
    return new SqliteWorkloadIssuers(this.#session);
  }
  get delegateProfiles(): SqliteDelegateProfiles {
    return new SqliteDelegateProfiles(this.#session);
  }
  get localUseJournals(): SqliteLocalUseJournals {
    return new SqliteLocalUseJournals(this.#session);
  }
  get audit(): SqliteAuditLog {
    return new SqliteAuditLog(this.#session);
  }
  get auditCheckpoints(): SqliteAuditCheckpoints {
    return new SqliteAuditCheckpoints(this.#session);
  }
  get auditRetention(): SqliteAuditRetention {
    return new SqliteAuditRetention(this.#session);
  }
  get auditSinks(): SqliteSinkPositions {
    return new SqliteSinkPositions(this.#session);
  }
  get settings(): SqliteSettings {
    return new SqliteSettings(this.#session);
  }
}

function closed(): AppError {
  return new AppError('shutting-down', { publicMessage: 'The server is shutting down.' });
}
