// What a test or the demo may set up and change in a lab: keys, identities, sessions. Plain values in and out; the records behind them
// stay inside. Every function throws `AppError` (`not-found`, `name-taken`, `invalid-request`) when it is used wrongly.
import { assumedRoleArn } from './authenticate.ts';
import type {
  IdentityStore,
  OidcProviderRecord,
  Policies,
  RoleOptions,
  RoleRecord,
  UserOptions,
  UserRecord,
} from './identity-store.ts';
import type { KeyRecord, KeyStore } from './key-store.ts';
import type { KeyOptions, KeyState, LabKey } from './lab-key.ts';
import type { MasterSecret } from './master-secret.ts';
import { compilePolicy } from './policy-document.ts';
import type { PolicyDocument } from './policy-document.ts';
import { secretAccessKeyOf } from './session-token.ts';
import type { SessionCredentials, SessionTokens } from './session-token.ts';
import type { WebIdentities, WebIdentityOptions } from './web-identity.ts';

/** A long-lived pair. */
export type LabAccessKey = { accessKeyId: string; secretAccessKey: string };
export type LabUser = {
  arn: string;
  accountId: string;
  name: string;
  userId: string;
  accessKeys: LabAccessKey[];
};
export type LabRole = {
  arn: string;
  accountId: string;
  name: string;
  roleId: string;
  maxSessionSeconds: number;
};

export type KeyAdmin = {
  create(options?: KeyOptions): LabKey;
  replicate(options: { arn: string; region: string; policy?: PolicyDocument }): LabKey;
  setState(change: { arn: string; state: KeyState }): void;
  setPolicy(change: { arn: string; policy: PolicyDocument }): void;
  /** New material for new ciphertexts; returns its id. */
  rotate(arn: string): string;
  /** Makes or retargets an alias in the key's account and region; returns the alias ARN. */
  setAlias(alias: { name: string; arn: string }): string;
  deleteAlias(aliasArn: string): void;
  /** Gone at once, as when a deletion date has come. */
  delete(arn: string): void;
  get(arn: string): LabKey;
  /** The key that an alias ARN leads to, or `null`. */
  targetOf(aliasArn: string): string | null;
  list(): LabKey[];
};

export type IdentityAdmin = {
  /** Makes a user with one access key. */
  createUser(options: UserOptions): LabUser & LabAccessKey;
  createAccessKey(userArn: string): LabAccessKey;
  setAccessKeyActive(change: { accessKeyId: string; active: boolean }): void;
  setUserPolicies(change: { arn: string; policies: Policies }): void;
  createRole(options: RoleOptions): LabRole;
  updateRole(change: {
    arn: string;
    trustPolicy?: PolicyDocument;
    policies?: Policies;
    maxSessionSeconds?: number;
  }): void;
  deleteRole(arn: string): void;
  addOidcProvider(options: {
    issuer: string;
    audiences: readonly string[];
    accountId?: string;
  }): OidcProviderRecord;
  /** A signed token of an issuer, to write into a web identity token file. */
  issueWebIdentityToken(options: WebIdentityOptions): string;
  users(): LabUser[];
  roles(): LabRole[];
};

export type SessionAdmin = {
  /** A session without asking the trust policy. 3,600 seconds unless given; any number of seconds is taken. */
  mint(options: {
    roleArn: string;
    sessionName?: string;
    durationSeconds?: number;
    policy?: PolicyDocument;
  }): SessionCredentials & { arn: string };
  /** All sessions of the role so far answer as expired (`ExpiredTokenException`). */
  expire(roleArn: string): void;
  /** All sessions of the role so far are denied everything, as "revoke active sessions" does. */
  revoke(roleArn: string): void;
};

export function makeKeyAdmin(keys: KeyStore): KeyAdmin {
  return {
    create: (options) => publicKey(keys.createKey(options)),
    replicate: (options) => publicKey(keys.replicate(options)),
    setState: ({ arn, state }) => keys.updateKey(arn, { state }),
    setPolicy: ({ arn, policy }) => keys.updateKey(arn, { policy }),
    rotate: (arn) => keys.rotate(arn),
    setAlias: (alias) => keys.setAlias(alias),
    deleteAlias: (aliasArn) => keys.deleteAlias(aliasArn),
    delete: (arn) => keys.deleteKey(arn),
    get: (arn) => publicKey(keys.key(arn)),
    targetOf: (aliasArn) => keys.aliases.get(aliasArn) ?? null,
    list: () => [...keys.keys.values()].map(publicKey),
  };
}

export function makeIdentityAdmin(parts: {
  identities: IdentityStore;
  master: MasterSecret;
  webIdentities: WebIdentities;
}): IdentityAdmin {
  const { identities, master, webIdentities } = parts;
  const accessKey = (accessKeyId: string): LabAccessKey => ({
    accessKeyId,
    secretAccessKey: secretAccessKeyOf(master, accessKeyId),
  });
  const publicUser = (user: UserRecord): LabUser => {
    const { arn, accountId, name, userId } = user;
    return { arn, accountId, name, userId, accessKeys: [...user.accessKeys.keys()].map(accessKey) };
  };
  return {
    createUser: (options) => {
      const user = identities.createUser(options);
      const first = accessKey(identities.createAccessKey(user.arn));
      return { ...publicUser(user), ...first };
    },
    createAccessKey: (userArn) => accessKey(identities.createAccessKey(userArn)),
    setAccessKeyActive: ({ accessKeyId, active }) => identities.setAccessKeyActive(accessKeyId, active),
    setUserPolicies: ({ arn, policies }) => identities.updateUser(arn, { policies }),
    createRole: (options) => publicRole(identities.createRole(options)),
    updateRole: ({ arn, ...change }) => identities.updateRole(arn, change),
    deleteRole: (arn) => identities.deleteRole(arn),
    addOidcProvider: (options) => identities.addOidcProvider(options),
    issueWebIdentityToken: (options) => webIdentities.issue(options),
    users: () => [...identities.users.values()].map(publicUser),
    roles: () => [...identities.roles.values()].map(publicRole),
  };
}

export function makeSessionAdmin(parts: {
  identities: IdentityStore;
  tokens: SessionTokens;
  now: () => number;
}): SessionAdmin {
  const { identities, tokens, now } = parts;
  return {
    mint: ({ roleArn, sessionName = 'lab-session', durationSeconds = 3600, policy }) => {
      const role = identities.role(roleArn);
      if (policy !== undefined) compilePolicy(policy, 'session');
      const credentials = tokens.mint({
        roleArn,
        roleId: role.roleId,
        sessionName,
        issuedAtMs: now(),
        expiresAtMs: now() + durationSeconds * 1000,
        policy: policy === undefined ? null : JSON.stringify(policy),
        sourceIdentity: null,
      });
      return { ...credentials, arn: assumedRoleArn(role, sessionName) };
    },
    expire: (roleArn) => identities.endSessions(roleArn, { how: 'expired', serial: tokens.lastSerial() }),
    revoke: (roleArn) => identities.endSessions(roleArn, { how: 'revoked', serial: tokens.lastSerial() }),
  };
}

function publicKey(record: KeyRecord): LabKey {
  const { policy: _policy, lineage: _lineage, ...key } = record;
  return key;
}

function publicRole(role: RoleRecord): LabRole {
  const { arn, accountId, name, roleId, maxSessionSeconds } = role;
  return { arn, accountId, name, roleId, maxSessionSeconds };
}
