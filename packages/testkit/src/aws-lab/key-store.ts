// KMS keys, their aliases and the material behind them. It stores and changes; permissions are checked before, by the operations.
// Material belongs to a lineage: a multi-region key and its replicas share one, so each opens what another made.
import { randomBytes, randomUUID } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { AppError, partitionOfRegion } from '@sallyport/core';
import { checkAccountId } from './identity-store.ts';
import { DEFAULT_REGION, KEY_STATES, KEY_USAGES } from './lab-key.ts';
import type { KeyOptions, KeyState, KeyUsage, LabKey } from './lab-key.ts';
import type { MasterSecret } from './master-secret.ts';
import { compilePolicy } from './policy-document.ts';
import type { CompiledPolicy, PolicyDocument } from './policy-document.ts';

export type KeyRecord = LabKey & { policy: CompiledPolicy; lineage: string };

/** The key part of a state file. */
export type KeyStoreState = {
  keys: (Omit<KeyRecord, 'policy'> & { policy: PolicyDocument })[];
  rotations: [string, number][];
  aliases: [string, string][];
};

const KEY_ID = /^(?:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|mrk-[0-9a-f]{32})$/;
const ALIAS = /^alias\/[A-Za-z0-9/_-]{1,250}$/;

/** Keys of one lab. `changed` is called after every change. */
export class KeyStore {
  /** By ARN. */
  readonly keys = new Map<string, KeyRecord>();
  /** Alias ARN to key ARN. */
  readonly aliases = new Map<string, string>();
  /** Lineage to its key material ids, oldest first. */
  readonly #materials = new Map<string, string[]>();
  readonly #backingKeys = new Map<string, KeyObject>();
  readonly #master: MasterSecret;
  readonly #now: () => number;
  readonly #changed: () => void;

  constructor(parts: { master: MasterSecret; now: () => number; changed: () => void }) {
    this.#master = parts.master;
    this.#now = parts.now;
    this.#changed = parts.changed;
  }

  /** @throws {invalid-request} for options that do not go together @throws {name-taken} */
  createKey(options: KeyOptions = {}): KeyRecord {
    const region = options.region ?? DEFAULT_REGION;
    const accountId = checkAccountId(options.accountId);
    const multiRegion = options.multiRegion ?? false;
    const keyId = options.keyId ?? (multiRegion ? `mrk-${randomBytes(16).toString('hex')}` : randomUUID());
    if (!KEY_ID.test(keyId) || keyId.startsWith('mrk-') !== multiRegion)
      throw wrong('the key id has not the form of its kind');
    const spec = options.spec ?? 'SYMMETRIC_DEFAULT';
    if (!Object.hasOwn(KEY_USAGES, spec)) throw wrong(`there is no key spec ${spec}`);
    const usages: readonly KeyUsage[] = KEY_USAGES[spec];
    const usage = options.usage ?? usages[0];
    if (usage === undefined || !usages.includes(usage))
      throw wrong(`a key of spec ${spec} cannot have this usage`);
    const origin = options.origin ?? 'AWS_KMS';
    const arn = keyArn({ region, accountId, keyId });
    if (this.keys.has(arn))
      throw new AppError('name-taken', { publicMessage: `The lab already has ${arn}.` });
    const record: KeyRecord = {
      arn,
      keyId,
      accountId,
      region,
      spec,
      usage,
      origin,
      multiRegion: multiRegion ? 'PRIMARY' : null,
      state: options.state ?? (origin === 'EXTERNAL' ? 'PendingImport' : 'Enabled'),
      description: options.description ?? '',
      createdAtMs: this.#now(),
      deletionAtMs: null,
      policy: compilePolicy(options.policy ?? defaultKeyPolicy(arn), 'resource'),
      lineage: multiRegion ? `${accountId}/${keyId}` : arn,
    };
    this.keys.set(arn, record);
    this.#setRotations(record.lineage, 0);
    this.#changed();
    return record;
  }

  /** Makes a replica of a multi-region key. @throws {not-found} @throws {invalid-request} @throws {name-taken} */
  replicate(options: { arn: string; region: string; policy?: PolicyDocument }): KeyRecord {
    const primary = this.key(options.arn);
    if (primary.multiRegion !== 'PRIMARY') throw wrong('only a multi-region primary key can be replicated');
    const arn = keyArn({ ...primary, region: options.region });
    if (this.keys.has(arn))
      throw new AppError('name-taken', { publicMessage: `The lab already has ${arn}.` });
    const replica: KeyRecord = {
      ...primary,
      arn,
      region: options.region,
      multiRegion: 'REPLICA',
      state: 'Enabled',
      createdAtMs: this.#now(),
      policy: compilePolicy(options.policy ?? defaultKeyPolicy(arn), 'resource'),
    };
    this.keys.set(arn, replica);
    this.#changed();
    return replica;
  }

  /** Changes state or policy. @throws {not-found} @throws {invalid-request} */
  updateKey(
    arn: string,
    change: { state?: KeyState; policy?: PolicyDocument; deletionAtMs?: number | null },
  ): void {
    const key = this.key(arn);
    if (change.policy !== undefined) key.policy = compilePolicy(change.policy, 'resource');
    if (change.state !== undefined) {
      if (!KEY_STATES.includes(change.state)) throw wrong(`there is no key state ${change.state}`);
      key.state = change.state;
      key.deletionAtMs = null;
    }
    if (change.deletionAtMs !== undefined) key.deletionAtMs = change.deletionAtMs;
    this.#changed();
  }

  /** Removes a key for good, with the aliases that lead to it. @throws {not-found} */
  deleteKey(arn: string): void {
    this.keys.delete(this.key(arn).arn);
    for (const [alias, target] of this.aliases) if (target === arn) this.aliases.delete(alias);
    this.#changed();
  }

  /** Gives the key (and its replicas) new material; what was encrypted before still opens. @throws {not-found} */
  rotate(arn: string): string {
    const { lineage } = this.key(arn);
    this.#setRotations(lineage, this.materialIds(lineage).length);
    this.#changed();
    return this.currentMaterialId(lineage);
  }

  /** Points an alias of the key's region and account at the key, making or retargeting it. Returns the alias ARN. @throws {not-found} @throws {invalid-request} */
  setAlias(alias: { name: string; arn: string }): string {
    if (!ALIAS.test(alias.name) || alias.name.startsWith('alias/aws/')) {
      throw wrong('an alias is "alias/" and letters, digits, "/", "_" or "-", and "alias/aws/" is reserved');
    }
    const key = this.key(alias.arn);
    const arn = aliasArn({ ...key, name: alias.name });
    this.aliases.set(arn, key.arn);
    this.#changed();
    return arn;
  }

  /** @throws {not-found} */
  deleteAlias(arn: string): void {
    if (!this.aliases.delete(arn)) throw missing('alias', arn);
    this.#changed();
  }

  /** The key of this ARN; a key whose deletion date has come is gone. */
  find(arn: string): KeyRecord | undefined {
    const key = this.keys.get(arn);
    if (key === undefined || key.deletionAtMs === null || key.deletionAtMs > this.#now()) return key;
    this.deleteKey(arn);
    return undefined;
  }

  /** @throws {not-found} */
  key(arn: string): KeyRecord {
    const key = this.keys.get(arn);
    if (key === undefined) throw missing('key', arn);
    return key;
  }

  /** Ids of the lineage's key materials, oldest first; 64 hex digits each. */
  materialIds(lineage: string): readonly string[] {
    return this.#materials.get(lineage) ?? [];
  }

  currentMaterialId(lineage: string): string {
    return this.materialIds(lineage).at(-1) ?? '';
  }

  /** The backing key of a material, or `null` when the lineage has no such material. */
  backingKey(lineage: string, materialId: string): KeyObject | null {
    if (!this.materialIds(lineage).includes(materialId)) return null;
    let key = this.#backingKeys.get(materialId);
    if (key === undefined) {
      key = this.#master.deriveKey('backing-key', materialId);
      this.#backingKeys.set(materialId, key);
    }
    return key;
  }

  save(): KeyStoreState {
    return {
      keys: [...this.keys.values()].map((key) => ({ ...key, policy: key.policy.document })),
      rotations: [...this.#materials].map(([lineage, ids]) => [lineage, ids.length - 1]),
      aliases: [...this.aliases],
    };
  }

  /** Takes over what `save` returned. */
  load(state: KeyStoreState): void {
    for (const saved of state.keys) {
      this.keys.set(saved.arn, { ...saved, policy: compilePolicy(saved.policy, 'resource') });
    }
    for (const [lineage, rotations] of state.rotations) this.#setRotations(lineage, rotations);
    for (const [alias, target] of state.aliases) this.aliases.set(alias, target);
  }

  #setRotations(lineage: string, rotations: number): void {
    const ids = Array.from({ length: rotations + 1 }, (_, index) =>
      this.#master.deriveBytes('key-material-id', `${lineage}#${index}`, 32).toString('hex'),
    );
    this.#materials.set(lineage, ids);
  }
}

/** ARN of a key; the partition follows from the region. @throws {invalid-request} for a region that no partition has */
export function keyArn(key: { region: string; accountId: string; keyId: string }): string {
  return `arn:${partitionFor(key.region)}:kms:${key.region}:${key.accountId}:key/${key.keyId}`;
}

/** ARN of an alias; `name` has its `alias/` prefix. */
export function aliasArn(alias: { region: string; accountId: string; name: string }): string {
  return `arn:${partitionFor(alias.region)}:kms:${alias.region}:${alias.accountId}:${alias.name}`;
}

/** The policy that AWS gives a key by default: it delegates to the account's IAM policies. */
export function defaultKeyPolicy(arn: string): PolicyDocument {
  const [, partition, , , accountId] = arn.split(':');
  return {
    Version: '2012-10-17',
    Id: 'key-default-1',
    Statement: [
      {
        Sid: 'Enable IAM User Permissions',
        Effect: 'Allow',
        Principal: { AWS: `arn:${partition}:iam::${accountId}:root` },
        Action: 'kms:*',
        Resource: '*',
      },
    ],
  };
}

function partitionFor(region: string): string {
  const partition = partitionOfRegion(region);
  if (partition === null) throw wrong(`"${region}" is not an AWS region`);
  return partition;
}

function wrong(why: string): AppError {
  return new AppError('invalid-request', { publicMessage: `The lab refuses this: ${why}.` });
}

function missing(what: string, arn: string): AppError {
  return new AppError('not-found', { publicMessage: `The lab has no ${what} ${arn}.` });
}
