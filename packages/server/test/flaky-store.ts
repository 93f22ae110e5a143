// A real store whose writes can be made to fail, for tests of what happens then.
import { AppError } from '@sallyport/core';
import type { Store, Tables } from '../src/storage/store.ts';

export type FlakyStore = Store & {
  /** While set, every write fails before it has changed anything. */
  failsWrites: boolean;
  /** While set, appending to the audit trail fails, so that the transaction around it is undone. */
  failsAudit: boolean;
  /** Runs before each write that is let through; what it awaits holds that write up. */
  beforeWrite: () => Promise<void>;
  /** The same for reads. */
  beforeRead: () => Promise<void>;
};

export function flaky(store: Store): FlakyStore {
  const full = () => new AppError('storage-unavailable', { publicMessage: 'The disk is full.' });
  const flakyStore: FlakyStore = {
    failsWrites: false,
    failsAudit: false,
    beforeWrite: () => Promise.resolve(),
    beforeRead: () => Promise.resolve(),
    read: async (work) => {
      await flakyStore.beforeRead();
      return store.read(work);
    },
    write: async (work) => {
      if (flakyStore.failsWrites) throw full();
      await flakyStore.beforeWrite();
      return store.write(async (tables) => work(flakyStore.failsAudit ? withoutAudit(tables, full) : tables));
    },
    uploads: store.uploads,
    checkIntegrity: async () => store.checkIntegrity(),
    close: async () => store.close(),
  };
  return flakyStore;
}

function withoutAudit(tables: Tables, error: () => AppError): Tables {
  const append = async () => Promise.reject(error());
  const audit = new Proxy(tables.audit, {
    get: (log, name) => (name === 'append' ? append : (Reflect.get(log, name) as () => unknown).bind(log)),
  });
  return new Proxy(tables, {
    get: (all, name) => (name === 'audit' ? audit : (Reflect.get(all, name) as unknown)),
  });
}
