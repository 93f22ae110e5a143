// IAM as far as the lab needs it: users with access keys, roles, OIDC providers. It stores and checks what is set up; who may do what
// is decided in evaluate-policy.ts, who is calling in authenticate.ts.
import { AppError } from '@sallyport/core';
import { randomIamId } from './master-secret.ts';
import { compilePolicy } from './policy-document.ts';
import type { CompiledPolicy, PolicyDocument, PolicyKind } from './policy-document.ts';

/** Account of everything that is made without naming one. */
export const DEFAULT_ACCOUNT_ID = '111122223333';

export type UserRecord = {
  arn: string;
  accountId: string;
  name: string;
  /** `AIDA…` */
  userId: string;
  policies: CompiledPolicy[];
  /** Access key ids and whether each is active. */
  accessKeys: Map<string, boolean>;
};

export type RoleRecord = {
  arn: string;
  accountId: string;
  name: string;
  /** `AROA…` */
  roleId: string;
  trustPolicy: CompiledPolicy;
  policies: CompiledPolicy[];
  /** 3,600 to 43,200. */
  maxSessionSeconds: number;
  /** Sessions up to this serial are denied everything. */
  revokedSerial: number;
  /** Sessions up to this serial count as expired, whatever their time. */
  expiredSerial: number;
};

export type OidcProviderRecord = { arn: string; accountId: string; issuer: string; audiences: string[] };

export type Policies = PolicyDocument | readonly PolicyDocument[];

export type UserOptions = { name: string; accountId?: string; path?: string; policies?: Policies };
export type RoleOptions = {
  name: string;
  trustPolicy: PolicyDocument;
  policies?: Policies;
  accountId?: string;
  /** Begins and ends with a slash; `/` unless given. */
  path?: string;
  /** 3,600 (the default) to 43,200. */
  maxSessionSeconds?: number;
};

/** The identity part of a state file. */
export type IdentityState = {
  users: (Omit<UserRecord, 'policies' | 'accessKeys'> & {
    policies: PolicyDocument[];
    accessKeys: [string, boolean][];
  })[];
  roles: (Omit<RoleRecord, 'policies' | 'trustPolicy'> & {
    policies: PolicyDocument[];
    trustPolicy: PolicyDocument;
  })[];
  oidcProviders: OidcProviderRecord[];
};

const NAME = /^[A-Za-z0-9_+=,.@-]{1,64}$/;
const PATH = /^\/(?:[\x21-\x7e]{1,510}\/)?$/;

/** Users, roles and providers of one lab. `changed` is called after every change. */
export class IdentityStore {
  readonly users = new Map<string, UserRecord>();
  readonly roles = new Map<string, RoleRecord>();
  readonly oidcProviders = new Map<string, OidcProviderRecord>();
  /** Access key id to the user that has it. */
  readonly accessKeyOwners = new Map<string, UserRecord>();
  readonly #changed: () => void;

  constructor(changed: () => void) {
    this.#changed = changed;
  }

  /** @throws {invalid-request} @throws {name-taken} */
  createUser(options: UserOptions): UserRecord {
    const accountId = checkAccountId(options.accountId);
    const arn = `arn:aws:iam::${accountId}:user${checkPath(options.path)}${checkName(options.name)}`;
    if (this.users.has(arn)) throw taken(arn);
    const user: UserRecord = {
      arn,
      accountId,
      name: options.name,
      userId: randomIamId('AIDA'),
      policies: compileAll(options.policies, 'identity'),
      accessKeys: new Map(),
    };
    this.users.set(arn, user);
    this.#changed();
    return user;
  }

  /** Makes another access key for a user and returns its id. @throws {not-found} */
  createAccessKey(userArn: string): string {
    const user = this.user(userArn);
    const accessKeyId = randomIamId('AKIA');
    user.accessKeys.set(accessKeyId, true);
    this.accessKeyOwners.set(accessKeyId, user);
    this.#changed();
    return accessKeyId;
  }

  /** @throws {not-found} */
  setAccessKeyActive(accessKeyId: string, active: boolean): void {
    const user = this.accessKeyOwners.get(accessKeyId);
    if (user === undefined) throw missing('access key', accessKeyId);
    user.accessKeys.set(accessKeyId, active);
    this.#changed();
  }

  /** @throws {invalid-request} @throws {name-taken} */
  createRole(options: RoleOptions): RoleRecord {
    const accountId = checkAccountId(options.accountId);
    const arn = `arn:aws:iam::${accountId}:role${checkPath(options.path)}${checkName(options.name)}`;
    if (this.roles.has(arn)) throw taken(arn);
    const role: RoleRecord = {
      arn,
      accountId,
      name: options.name,
      roleId: randomIamId('AROA'),
      trustPolicy: compilePolicy(options.trustPolicy, 'trust'),
      policies: compileAll(options.policies, 'identity'),
      maxSessionSeconds: checkMaxSession(options.maxSessionSeconds ?? 3600),
      revokedSerial: 0,
      expiredSerial: 0,
    };
    this.roles.set(arn, role);
    this.#changed();
    return role;
  }

  /** Replaces parts of a role. @throws {not-found} @throws {invalid-request} */
  updateRole(
    arn: string,
    change: { trustPolicy?: PolicyDocument; policies?: Policies; maxSessionSeconds?: number },
  ): void {
    const role = this.role(arn);
    if (change.trustPolicy !== undefined) role.trustPolicy = compilePolicy(change.trustPolicy, 'trust');
    if (change.policies !== undefined) role.policies = compileAll(change.policies, 'identity');
    if (change.maxSessionSeconds !== undefined) {
      role.maxSessionSeconds = checkMaxSession(change.maxSessionSeconds);
    }
    this.#changed();
  }

  /** Replaces a user's policies. @throws {not-found} @throws {invalid-request} */
  updateUser(arn: string, change: { policies: Policies }): void {
    this.user(arn).policies = compileAll(change.policies, 'identity');
    this.#changed();
  }

  /** @throws {not-found} */
  deleteRole(arn: string): void {
    this.roles.delete(this.role(arn).arn);
    this.#changed();
  }

  /** Ends the sessions of a role up to `serial`: `revoked` ones are denied everything, `expired` ones answer as expired. @throws {not-found} */
  endSessions(arn: string, end: { how: 'revoked' | 'expired'; serial: number }): void {
    const role = this.role(arn);
    if (end.how === 'revoked') role.revokedSerial = end.serial;
    else role.expiredSerial = end.serial;
    this.#changed();
  }

  /** Registers an OIDC issuer (an https address) in an account. @throws {invalid-request} */
  addOidcProvider(options: {
    issuer: string;
    audiences: readonly string[];
    accountId?: string;
  }): OidcProviderRecord {
    if (!/^https:\/\/[^?#\s]+$/.test(options.issuer)) throw wrong('the issuer is not an https address');
    const accountId = checkAccountId(options.accountId);
    const arn = `arn:aws:iam::${accountId}:oidc-provider/${options.issuer.slice('https://'.length)}`;
    const provider = { arn, accountId, issuer: options.issuer, audiences: [...options.audiences] };
    this.oidcProviders.set(arn, provider);
    this.#changed();
    return provider;
  }

  /** @throws {not-found} */
  user(arn: string): UserRecord {
    const user = this.users.get(arn);
    if (user === undefined) throw missing('user', arn);
    return user;
  }

  /** @throws {not-found} */
  role(arn: string): RoleRecord {
    const role = this.roles.get(arn);
    if (role === undefined) throw missing('role', arn);
    return role;
  }

  save(): IdentityState {
    return {
      users: [...this.users.values()].map((user) => ({
        ...user,
        policies: user.policies.map((policy) => policy.document),
        accessKeys: [...user.accessKeys],
      })),
      roles: [...this.roles.values()].map((role) => ({
        ...role,
        policies: role.policies.map((policy) => policy.document),
        trustPolicy: role.trustPolicy.document,
      })),
      oidcProviders: [...this.oidcProviders.values()],
    };
  }

  /** Takes over what `save` returned. */
  load(state: IdentityState): void {
    for (const saved of state.users) {
      const user = {
        ...saved,
        policies: compileAll(saved.policies, 'identity'),
        accessKeys: new Map(saved.accessKeys),
      };
      this.users.set(user.arn, user);
      for (const accessKeyId of user.accessKeys.keys()) this.accessKeyOwners.set(accessKeyId, user);
    }
    for (const saved of state.roles) {
      this.roles.set(saved.arn, {
        ...saved,
        policies: compileAll(saved.policies, 'identity'),
        trustPolicy: compilePolicy(saved.trustPolicy, 'trust'),
      });
    }
    for (const provider of state.oidcProviders) this.oidcProviders.set(provider.arn, provider);
  }
}

function compileAll(policies: Policies | undefined, kind: PolicyKind): CompiledPolicy[] {
  const list: readonly unknown[] = Array.isArray(policies)
    ? policies
    : policies === undefined
      ? []
      : [policies];
  return list.map((policy) => compilePolicy(policy, kind));
}

/** @throws {invalid-request} unless it is twelve digits; the default account when it is not given. */
export function checkAccountId(accountId: string = DEFAULT_ACCOUNT_ID): string {
  if (!/^\d{12}$/.test(accountId)) throw wrong('the account id is not 12 digits');
  return accountId;
}

function checkName(name: string): string {
  if (!NAME.test(name)) throw wrong('the name is not 1 to 64 letters, digits or _+=,.@-');
  return name;
}

function checkPath(path = '/'): string {
  if (!PATH.test(path)) throw wrong('the path does not begin and end with a slash');
  return path;
}

function checkMaxSession(seconds: number): number {
  if (!Number.isInteger(seconds) || seconds < 3600 || seconds > 43_200) {
    throw wrong('the maximum session duration of a role is 3,600 to 43,200 seconds');
  }
  return seconds;
}

function wrong(why: string): AppError {
  return new AppError('invalid-request', { publicMessage: `The lab refuses this: ${why}.` });
}

function taken(arn: string): AppError {
  return new AppError('name-taken', { publicMessage: `The lab already has ${arn}.` });
}

function missing(what: string, id: string): AppError {
  return new AppError('not-found', { publicMessage: `The lab has no ${what} ${id}.` });
}
