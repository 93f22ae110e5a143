// What the product relies on at AWS, on every stand-in that there is: one suite, each skip named with its reason. The lab is strict and
// ours; moto is lenient and somebody else's reading of what goes over the wire.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Credentials } from '@sallyport/core';
import { AwsRuntime } from '../src/index.ts';
import type { AwsAccess, PreflightResult } from '../src/index.ts';
import { WORLDS } from './contract-worlds.ts';
import type { World } from './contract-worlds.ts';
import { generate, roundTrip } from './lab-account.ts';
import { accessTo, contextOf, environmentAt, MANAGER_ID, noAbort } from './settings.ts';

/** Accesses to the key of a world, and runtimes on hosts in it. */
class Setting {
  readonly world: World;

  constructor(world: World) {
    this.world = world;
  }

  get hostKeys(): Record<string, string> {
    const { accessKeyId, secretAccessKey } = this.world;
    return { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey };
  }

  access(type: Credentials['type'], keyArn = this.world.keyArn): AwsAccess {
    const { accessKeyId, secretAccessKey, roleArn, externalId } = this.world;
    if (type === 'iam-role') return accessTo(keyArn, { type });
    if (type === 'access-keys') return accessTo(keyArn, { type, accessKeyId }, { secretAccessKey });
    return accessTo(keyArn, { type, roleArn, externalId, durationSeconds: 3600 });
  }

  /** Runs `work` with a provider that is closed after it. */
  async with<T>(
    access: AwsAccess,
    work: (provider: ReturnType<AwsRuntime['keyProvider']>) => Promise<T>,
    env: Record<string, string> = this.hostKeys,
  ): Promise<T> {
    const runtime = new AwsRuntime(environmentAt(this.world.endpoints, env));
    const provider = runtime.keyProvider(MANAGER_ID, access);
    try {
      return await work(provider);
    } finally {
      provider.close();
      runtime.close();
    }
  }

  async preflight(access: AwsAccess): Promise<PreflightResult> {
    const runtime = new AwsRuntime(environmentAt(this.world.endpoints, this.hostKeys));
    const options = { secretsManagerId: MANAGER_ID, signal: noAbort(), context: contextOf(0) };
    return runtime.preflight(access, options).finally(() => runtime.close());
  }
}

const TYPES = ['access-keys', 'iam-role', 'sts-role'] as const;
const unwrapRequest = { context: contextOf(), signal: noAbort() };

const CONTRACT: Readonly<Record<string, (setting: Setting) => Promise<void>>> = {
  'a data key makes the round trip with each credentials type': async (setting) => {
    for (const type of TYPES) expect(await setting.with(setting.access(type), roundTrip)).toBe(true);
  },

  'the credentials of an instance profile come by IMDSv2, in three requests': async (setting) => {
    const before = setting.world.metadataRequests();
    const access = setting.access('iam-role');
    const twice = async (provider: Parameters<typeof roundTrip>[0]) =>
      (await roundTrip(provider)) && roundTrip(provider);
    expect(await setting.with(access, twice, setting.world.instanceEnv)).toBe(true);
    expect(setting.world.metadataRequests() - before).toBe(3);
  },

  'a data key names the key that wrapped it, as a key ARN': async (setting) => {
    const { encrypted } = await setting.with(setting.access('iam-role'), generate);
    expect(encrypted.providerId).toBe('aws-kms');
    expect(Buffer.from(encrypted.providerInfo).toString()).toBe(setting.world.keyArn);
  },

  'a data key opens with no other encryption context': async (setting) => {
    await setting.with(setting.access('iam-role'), async (provider) => {
      const { encrypted } = await generate(provider);
      const moved = { ...unwrapRequest, encrypted: [encrypted], context: contextOf(2) };
      await expect(provider.unwrapDataKey(moved)).rejects.toMatchObject({ code: 'envelope-rejected' });
    });
  },

  'a data key with one bit changed does not open': async (setting) => {
    await setting.with(setting.access('iam-role'), async (provider) => {
      const { encrypted } = await generate(provider);
      const ciphertext = Buffer.from(encrypted.ciphertext);
      ciphertext.writeUInt8(ciphertext.readUInt8(ciphertext.length - 1) ^ 1, ciphertext.length - 1);
      const changed = { ...unwrapRequest, encrypted: [{ ...encrypted, ciphertext }] };
      await expect(provider.unwrapDataKey(changed)).rejects.toMatchObject({ code: 'envelope-rejected' });
    });
  },

  'a data key that another key wrapped does not open': async (setting) => {
    const other = setting.access('iam-role', setting.world.otherKeyArn);
    const { encrypted } = await setting.with(other, generate);
    await setting.with(setting.access('iam-role'), async (provider) => {
      const providerInfo = Buffer.from(setting.world.keyArn);
      const request = { ...unwrapRequest, encrypted: [{ ...encrypted, providerInfo }] };
      await expect(provider.unwrapDataKey(request)).rejects.toMatchObject({ code: 'envelope-rejected' });
    });
  },

  'a key that is not there is said not to be there': async (setting) => {
    const keyArn = setting.world.keyArn.replace(/key\/.*/, 'key/00000000-0000-0000-0000-000000000000');
    const made = setting.with(setting.access('iam-role', keyArn), generate);
    await expect(made).rejects.toMatchObject({
      code: 'key-unusable',
      data: { awsCode: 'NotFoundException' },
    });
  },

  'a disabled key is refused': async (setting) => {
    await setting.world.setKeyState('Disabled');
    const made = setting.with(setting.access('iam-role'), generate);
    await expect(made).rejects.toMatchObject({ code: 'key-unusable', data: { stage: 'key' } });
    await setting.world.setKeyState('Enabled');
  },

  'a key that is pending deletion is refused': async (setting) => {
    await setting.world.setKeyState('PendingDeletion');
    const made = setting.with(setting.access('iam-role'), generate);
    await expect(made).rejects.toMatchObject({ code: 'key-unusable', data: { stage: 'key' } });
    await setting.world.setKeyState('Enabled');
  },

  'the preflight passes for each credentials type, and pins the key behind an alias': async (setting) => {
    for (const type of TYPES) {
      const result = await setting.preflight(setting.access(type, setting.world.aliasArn));
      expect(result.stages.filter(({ outcome }) => outcome === 'failed')).toEqual([]);
      expect(result).toMatchObject({ ok: true, pinnedKeyArn: setting.world.keyArn });
      expect(result.identity?.accountId).toMatch(/^\d{12}$/);
    }
  },

  'a wrong secret access key is refused at stage credentials': async (setting) => {
    const access = { ...setting.access('access-keys'), secretAccessKey: 'wrong' };
    const result = await setting.world.strictly(() => setting.preflight(access));
    expect(result).toMatchObject({ ok: false, pinnedKeyArn: null });
    const failed = result.stages.find(({ outcome }) => outcome === 'failed');
    expect(failed).toMatchObject({ stage: 'credentials', error: { code: 'aws-credentials' } });
  },

  'a wrong external ID is refused': async (setting) => {
    const result = await setting.preflight(changedRole(setting, { externalId: 'wrong' }));
    expect(result).toMatchObject({ ok: false });
    expect(result.stages).toContainEqual(
      expect.objectContaining({ stage: 'assume-role', outcome: 'failed' }),
    );
  },

  'that the external ID is demanded is proved': async (setting) => {
    expect((await setting.preflight(setting.access('sts-role'))).warnings).toEqual([]);
  },

  'a duration above the maximum of the role is refused': async (setting) => {
    const result = await setting.preflight(changedRole(setting, { durationSeconds: 43_200 }));
    expect(result).toMatchObject({ ok: false });
    expect(result.stages).toContainEqual(
      expect.objectContaining({ stage: 'assume-role', outcome: 'failed' }),
    );
  },
};

function changedRole(setting: Setting, change: { externalId?: string; durationSeconds?: number }): AwsAccess {
  const { roleArn, externalId, keyArn } = setting.world;
  return accessTo(keyArn, { type: 'sts-role', roleArn, externalId, durationSeconds: 3600, ...change });
}

for (const kind of WORLDS) {
  const { name, missing, skips, start } = kind;
  describe.skipIf(missing !== null)(`on ${name}${missing === null ? '' : ` (skipped: ${missing})`}`, () => {
    let setting: Setting;
    beforeAll(async () => {
      setting = new Setting(await start());
    });
    afterAll(async () => setting.world.close());

    for (const [promise, check] of Object.entries(CONTRACT)) {
      const reason = skips[promise];
      const title = reason === undefined ? promise : `${promise} (skipped: ${reason})`;
      test.skipIf(reason !== undefined)(title, async () => check(setting));
    }

    test('every skip is of a test that there is', () => {
      expect(Object.keys(skips).filter((promise) => !Object.hasOwn(CONTRACT, promise))).toEqual([]);
    });
  });
}
