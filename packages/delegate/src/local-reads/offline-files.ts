// The two kinds of files of the offline folder: how each is named, written and read back. What does not have its form is no entry.
import { hash } from 'node:crypto';
import { z } from 'zod';
import { LocalGrant, SecretsManagerAccess, SignedLocalGrant } from '@sallyport/protocol';
import type { ConfiguredManager } from '../key-providers/configured-managers.ts';
import type { GrantKey } from './grant-book.ts';

/** A grant as it lies on disk. */
export const GrantFile = z.strictObject({
  version: z.literal(1),
  callerHash: z.string(),
  reference: z.string(),
  confirmedAtMs: z.number().int(),
  grant: SignedLocalGrant,
  envelope: z.string().describe('Base64; the data key in it is wrapped.'),
});
export type GrantFile = z.infer<typeof GrantFile>;

const ManagerFile = z.strictObject({
  version: z.literal(1),
  secretsManagerId: LocalGrant.shape.secretsManagerId,
  revision: z.number().int().min(1),
  // Never with an access key: the schema of the file has no place for one.
  access: SecretsManagerAccess.extend({ secretAccessKey: z.null() }),
});

const GRANT_NAME = /^grant-[0-9a-f]{64}\.json$/;
const MANAGER_NAME = /^manager-[0-9a-z_]+\.json$/;

/** Names tell nobody who lists the folder which secrets are read here. */
export function grantFileName({ callerHash, reference }: GrantKey): string {
  return `grant-${hash('sha256', `${callerHash}\0${reference}`, 'hex')}.json`;
}

export function managerFileName(secretsManagerId: string): string {
  return `manager-${secretsManagerId}.json`;
}

export function isGrantFileName(name: string): boolean {
  return GRANT_NAME.test(name);
}

export function isManagerFileName(name: string): boolean {
  return MANAGER_NAME.test(name);
}

/** Null: it is no such file, or lies under another name than its content says. */
export function readGrantFile(content: Buffer, name: string): { file: GrantFile; grant: LocalGrant } | null {
  const file = GrantFile.safeParse(jsonOf(content)).data;
  if (file === undefined || grantFileName(file) !== name) return null;
  const grant = LocalGrant.safeParse(jsonOf(file.grant.text)).data;
  return grant === undefined ? null : { file, grant };
}

export function readManagerFile(content: Buffer, name: string): ConfiguredManager | null {
  const file = ManagerFile.safeParse(jsonOf(content)).data;
  if (file === undefined || managerFileName(file.secretsManagerId) !== name) return null;
  const { secretsManagerId, revision, access } = file;
  return { secretsManagerId, revision, access };
}

/** Null: these settings have an access key, which is not written to a delegate's disk. */
export function managerFileContent(manager: ConfiguredManager): Buffer | null {
  const { secretsManagerId, revision, access } = manager;
  const file = ManagerFile.safeParse({ version: 1, secretsManagerId, revision, access }).data;
  return file === undefined ? null : Buffer.from(JSON.stringify(file));
}

function jsonOf(text: Buffer | string): unknown {
  try {
    return JSON.parse(text.toString());
  } catch {
    return undefined;
  }
}
