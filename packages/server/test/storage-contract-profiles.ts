// The contract of the storage port, continued: start-up profiles and their runs.
import { describe, expect, test } from 'vitest';
import type { SecretId } from '@sallyport/core';
import { RUNS_KEPT } from '../src/delegate-profiles/profile-store.ts';
import type { DelegateProfileRow, ProfileRunRow } from '../src/delegate-profiles/profile-store.ts';
import type { Database } from './storage-contract.ts';
import { addSecret, managerRow, newId, NOW_MS } from './storage-rows.ts';

const NO_OUTPUT = new Uint8Array();

function profileRow(over: Partial<DelegateProfileRow> = {}): DelegateProfileRow {
  return {
    id: newId('delegateProfile'),
    name: 'Tools',
    script: 'echo "${secrets.getValue("x")}"',
    selectors: ['edge'],
    maxSeconds: null,
    revision: 1,
    savedBy: { id: 'key_x', name: 'somebody' },
    createdAtMs: NOW_MS,
    updatedAtMs: NOW_MS,
    ...over,
  };
}

function runRow(over: Partial<ProfileRunRow> & Pick<ProfileRunRow, 'profileId'>): ProfileRunRow {
  return {
    id: newId('profileRun'),
    delegateId: newId('delegate'),
    delegateName: 'Edge-1',
    revision: 1,
    sha256: 'ab'.repeat(32),
    state: 'running',
    startedAtMs: NOW_MS,
    endedAtMs: null,
    end: null,
    error: null,
    unmasked: ['x'],
    ...over,
  };
}

export function describeProfiles(database: Database): void {
  describe('start-up profiles', () => {
    test('are found by id and by name, listed by name, changed and removed', async () => {
      const row = profileRow();
      await database.store.write(async ({ delegateProfiles }) => {
        await delegateProfiles.insert(row);
        await delegateProfiles.insert(profileRow({ name: 'a' }));
      });
      const read = async (reference: string) =>
        database.store.read(({ delegateProfiles }) => delegateProfiles.find(reference));
      expect([await read(row.id), await read('tools'), await read('other')]).toEqual([row, row, null]);
      const names = async () =>
        (await database.store.read(({ delegateProfiles }) => delegateProfiles.list())).map(
          ({ name }) => name,
        );
      expect(await names()).toEqual(['a', 'Tools']);
      const taken = database.store.write(({ delegateProfiles }) =>
        delegateProfiles.insert(profileRow({ name: 'TOOLS' })),
      );
      await expect(taken).rejects.toMatchObject({ code: 'name-taken' });
      const edited = { ...row, name: 'Set-up', revision: 2, maxSeconds: 5, selectors: [] };
      await database.store.write(({ delegateProfiles }) => delegateProfiles.update(edited));
      expect(await read('set-up')).toEqual(edited);
      await database.store.write(({ delegateProfiles }) => delegateProfiles.remove(row.id));
      expect(await names()).toEqual(['a']);
    });

    test('have one run for each delegate and revision, which goes with the profile', async () => {
      const { id: profileId } = profileRow();
      await database.store.write(({ delegateProfiles }) =>
        delegateProfiles.insert(profileRow({ id: profileId })),
      );
      const run = runRow({ profileId });
      const save = async (row: ProfileRunRow, output: Uint8Array = NO_OUTPUT) =>
        database.store.write(({ delegateProfiles }) => delegateProfiles.runs.save(row, output));
      await save(run);
      const end = { reason: 'exited', exitCode: 1, signal: null, elapsedMs: 2, outputBytes: 3 } as const;
      const ended: ProfileRunRow = { ...run, state: 'ended', endedAtMs: NOW_MS + 1, end };
      await save(ended, Buffer.from('out'));
      const later = runRow({ profileId, delegateName: 'other', startedAtMs: NOW_MS + 5 });
      await save(later);
      const list = async (delegate: string | null, limit = 10) =>
        database.store.read(({ delegateProfiles }) =>
          delegateProfiles.runs.list(profileId, { delegate, limit }),
        );
      expect(await list(null)).toEqual([later, ended]);
      expect([await list('edge-1'), await list(run.delegateId), await list(null, 1)]).toEqual([
        [ended],
        [ended],
        [later],
      ]);
      const found = await database.store.read(({ delegateProfiles }) =>
        delegateProfiles.runs.find(profileId, run.id),
      );
      expect([found?.row, Buffer.from(found?.output ?? NO_OUTPUT).toString()]).toEqual([ended, 'out']);
      await database.store.write(({ delegateProfiles }) => delegateProfiles.remove(profileId));
      expect(await list(null)).toEqual([]);
      // Its run may end after it was deleted: that is no error, and brings nothing back.
      await save(ended);
      expect(await list(null)).toEqual([]);
    });

    test('are found by the secrets that their scripts name, as they stand now', async () => {
      const [named, other] = await database.store.write(async (tables) => {
        const row = managerRow();
        await tables.secretsManagers.insert(row);
        const secret = await addSecret(tables, { name: 'X', manager: row.id });
        return [secret, await addSecret(tables, { name: 'other', manager: row.id })] as const;
      });
      const script = `\${secrets.getValue("x")} \${secrets.getValue("x@1")} \${secrets.getValue("${other}")}`;
      const row = profileRow({ script });
      await database.store.write(({ delegateProfiles }) => delegateProfiles.insert(row));
      const naming = async (...ids: SecretId[]) =>
        database.store.read(({ delegateProfiles }) => delegateProfiles.naming(ids));
      const profile = { id: row.id, name: row.name };
      expect(await naming(named)).toEqual([{ secretId: named, profile, by: 'X' }]);
      expect(await naming(other)).toEqual([{ secretId: other, profile, by: null }]);
      await database.store.write(({ secretEdits }) => secretEdits.rename(named, 'y'));
      expect(await naming(named)).toEqual([]);
      await database.store.write(({ delegateProfiles }) =>
        delegateProfiles.update({ ...row, script: '${secrets.getValue("Y")}' }),
      );
      expect(await naming(named, other)).toEqual([{ secretId: named, profile, by: 'y' }]);
      await database.store.write(({ delegateProfiles }) => delegateProfiles.remove(row.id));
      expect(await naming(named, other)).toEqual([]);
    });

    test('keep the runs of the newest revisions on each delegate', async () => {
      const { id: profileId } = profileRow();
      await database.store.write(({ delegateProfiles }) =>
        delegateProfiles.insert(profileRow({ id: profileId })),
      );
      const delegateId = newId('delegate');
      for (let revision = 1; revision <= RUNS_KEPT.perDelegate + 2; revision++) {
        const row = runRow({ profileId, delegateId, revision });
        await database.store.write(({ delegateProfiles }) => delegateProfiles.runs.save(row, NO_OUTPUT));
      }
      const kept = await database.store.read(({ delegateProfiles }) =>
        delegateProfiles.runs.listOf(delegateId),
      );
      expect(kept.map(({ revision }) => revision).toSorted((a, b) => a - b)).toEqual([3, 4, 5, 6, 7]);
      const other = runRow({ profileId, startedAtMs: NOW_MS + 1 });
      await database.store.write(({ delegateProfiles }) => delegateProfiles.runs.save(other, NO_OUTPUT));
      const latest = async (perProfile: number) =>
        (
          await database.store.read(({ delegateProfiles }) => delegateProfiles.runs.latest(perProfile))
        ).filter(({ row }) => row.profileId === profileId);
      expect((await latest(10)).map(({ row }) => row.revision)).toEqual([1, 7]);
      expect(await latest(1)).toEqual([{ row: other, ofAll: 2 }]);
    });
  });
}
