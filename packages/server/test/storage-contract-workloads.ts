// The storage contract of workload issuers, and of the keys of the workloads that they let in.
import { describe, expect, test } from 'vitest';
import { ALL_RIGHTS } from '@sallyport/core';
import { PRODUCTION_SUPPORT } from '../src/groups/built-in-groups.ts';
import type { WorkloadIssuerRow } from '../src/workloads/workload-issuer-store.ts';
import type { Database } from './storage-contract.ts';
import { apiKeyRow, newId, NOW_MS, refusal } from './storage-rows.ts';

function issuerRow(over: Partial<WorkloadIssuerRow> = {}): WorkloadIssuerRow {
  return {
    id: newId('workloadIssuer'),
    name: 'github',
    settings: {
      kind: 'oidc',
      issuer: 'https://issuer.example.com',
      audience: 'sallyport',
      rules: [{ claim: '/a~1b', pattern: 'x*' }],
      jwks: { keys: [{ kty: 'EC', x: '🔑' }] },
    },
    groupIds: [PRODUCTION_SUPPORT, newId('group')],
    restriction: ALL_RIGHTS,
    ttlSeconds: 900,
    createdAtMs: NOW_MS,
    updatedAtMs: NOW_MS,
    ...over,
  };
}

export function describeWorkloads(database: Database): void {
  describe('workload issuers', () => {
    test('come back as they were stored, by id and by name, listed by name', async () => {
      const zeta = issuerRow({ name: 'Zeta', restriction: null, ttlSeconds: 60 });
      const settings = {
        kind: 'aws',
        roleArns: ['arn:aws:iam::111122223333:role/x'],
        selectors: [],
      } as const;
      const alpha = issuerRow({
        name: 'älpha',
        settings: { ...settings, roleArns: [...settings.roleArns], selectors: [] },
      });
      const found = await database.store.write(async ({ workloadIssuers }) => {
        await workloadIssuers.insert(zeta);
        await workloadIssuers.insert(alpha);
        return [
          await workloadIssuers.find(zeta.id),
          await workloadIssuers.find('ZETA'),
          await workloadIssuers.find('ÄLPHA'),
          await workloadIssuers.find(newId('workloadIssuer')),
          await workloadIssuers.list(),
        ];
      });
      expect(found).toEqual([zeta, zeta, alpha, null, [zeta, alpha]]);
    });

    test('have names of their own, whatever the letter case', async () => {
      const [a, b] = [issuerRow(), issuerRow({ name: 'other' })];
      const write = database.store.write.bind(database.store);
      await write(async ({ workloadIssuers }) => {
        await workloadIssuers.insert(a);
        await workloadIssuers.insert(b);
      });
      const taken = refusal('name-taken', 'another workload issuer named');
      const again = issuerRow({ name: 'GitHub' });
      await expect(write((tables) => tables.workloadIssuers.insert(again))).rejects.toEqual(taken);
      await expect(
        write((tables) => tables.workloadIssuers.update({ ...b, name: 'GITHUB' })),
      ).rejects.toEqual(taken);
      await write((tables) => tables.workloadIssuers.update({ ...a, name: 'GITHUB' }));
      expect((await database.store.read((tables) => tables.workloadIssuers.find('github')))?.name).toBe(
        'GITHUB',
      );
    });

    test('are replaced but for id and time of creation, and removed', async () => {
      const row = issuerRow();
      const edited = issuerRow({ id: row.id, name: 'new', ttlSeconds: 3600, updatedAtMs: NOW_MS + 1 });
      const found = await database.store.write(async ({ workloadIssuers }) => {
        await workloadIssuers.insert(row);
        await workloadIssuers.update({ ...edited, createdAtMs: 1 });
        const after = await workloadIssuers.find(row.id);
        await workloadIssuers.remove(row.id);
        return [after, await workloadIssuers.find(row.id)];
      });
      expect(found).toEqual([edited, null]);
    });
  });

  test('keys of workloads end with their issuer: those that are good, and no others', async () => {
    const [issuerId, otherId] = [newId('workloadIssuer'), newId('workloadIssuer')];
    const key = (over: object) => apiKeyRow({ kind: 'workload', issuerId, expiresAtMs: NOW_MS + 1, ...over });
    const rows = [
      key({}),
      key({}),
      key({ expiresAtMs: NOW_MS }),
      key({ revokedAtMs: NOW_MS - 1 }),
      key({ issuerId: otherId }),
      apiKeyRow(),
    ];
    const found = await database.store.write(async ({ apiKeys }) => {
      for (const row of rows) await apiKeys.insert(row);
      const ended = await apiKeys.revokeOfIssuer(issuerId, NOW_MS);
      const revoked = [];
      for (const { id } of rows) revoked.push((await apiKeys.find(id))?.revokedAtMs);
      return { ended, revoked, again: await apiKeys.revokeOfIssuer(issuerId, NOW_MS) };
    });
    expect(found).toEqual({
      ended: 2,
      revoked: [NOW_MS, NOW_MS, null, NOW_MS - 1, null, null],
      again: 0,
    });
  });
}
