// Control messages between server and delegate: JSON text frames on one WebSocket that the delegate dialled. Order:
//   server `hello` → delegate `identify` → server `welcome` or `refused` (then it closes);
//   then the delegate's `begun-profiles`;
//   from then on: `configure` before the first task of a secrets manager, `task` → `result` | `failure` (before
//   it, of a preflight, `progress`), heartbeats both ways;
//   and, where programs read through the delegate, `local-read` → `local-read-answer`, `local-uses` → `local-uses-seen` (local-reads.ts).
// Chunks of streams are binary frames (stream-frame.ts); each side grants the other `credit` for more.
import { z } from 'zod';
import { SECRETS_MANAGER_KINDS } from '@sallyport/core';
import { AccountIdSchema } from '../api/audit.ts';
import { DataKeyCacheState } from '../api/delegates.ts';
import { base64Url, DelegateIdSchema, SecretsManagerIdSchema, TaskIdSchema } from '../api/ids.ts';
import { SealingOfferSchema } from '../api/sealing.ts';
import { PreflightStep } from '../api/secrets-managers.ts';
import { WireError } from '../errors/wire-error.ts';
import { LocalRead, LocalReadAnswer, LocalUses, LocalUsesSeen, Recheck } from './local-reads.ts';
import { ProfileRevision, SecretsManagerAccess, Task, TaskResult } from './tasks.ts';

const Credit = z.strictObject({
  type: z.literal('credit'),
  taskId: TaskIdSchema,
  chunks: z.number().int().min(1).max(64),
});

/** Start-up profiles that a delegate remembers to have begun; those of the longest ago are forgotten first. */
export const BEGUN_PROFILES_MAX = 2000;

/** From the server. */
export const ServerMessage = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('hello'), protocolVersion: z.number().int(), challenge: base64Url(32) }),
  z.strictObject({
    type: z.literal('welcome'),
    delegateId: DelegateIdSchema,
    accountId: AccountIdSchema,
    grantKey: base64Url(32).describe('Ed25519 public key with which the server signs grants, raw.'),
  }),
  z.strictObject({ type: z.literal('refused'), error: WireError }),
  z.strictObject({ type: z.literal('heartbeat-seen') }),
  z.strictObject({
    type: z.literal('configure'),
    secretsManagerId: SecretsManagerIdSchema,
    revision: z.number().int().min(1).describe('A new revision flushes data keys cached under the old one.'),
    access: SecretsManagerAccess,
  }),
  z.strictObject({ type: z.literal('forget'), secretsManagerId: SecretsManagerIdSchema }),
  z.strictObject({ type: z.literal('task'), task: Task }),
  z.strictObject({ type: z.literal('cancel'), taskId: TaskIdSchema }),
  Credit,
  LocalReadAnswer,
  LocalUsesSeen,
  Recheck,
]);
export type ServerMessage = z.infer<typeof ServerMessage>;

/** From the delegate. */
export const DelegateMessage = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('identify'),
    protocolVersion: z.number().int(),
    identityKey: base64Url(32),
    name: z.string().min(1).max(256),
    hostName: z.string().max(256),
    version: z.string().max(64),
    selectors: z
      .array(z.string().max(160))
      .max(64)
      .describe('Custom ones; name and host name are added by the server.'),
    kinds: z.array(z.enum(SECRETS_MANAGER_KINDS)).max(8),
    runsScripts: z.boolean().describe('Whether its guard file lets it run scripts.'),
    token: z
      .string()
      .max(256)
      .nullable()
      .meta({ 'x-redact': true })
      .describe('Needed the first time, or after a revocation.'),
    offer: SealingOfferSchema,
    signature: base64Url(64).describe('Over `challengeBytes`.'),
  }),
  z.strictObject({ type: z.literal('offer'), offer: SealingOfferSchema }),
  z.strictObject({
    type: z.literal('heartbeat'),
    tasksInFlight: z.number().int().min(0),
    dataKeyCache: DataKeyCacheState.optional(),
  }),
  z
    .strictObject({
      type: z.literal('progress'),
      taskId: TaskIdSchema,
      steps: z.array(PreflightStep).min(1).max(64),
    })
    .describe('Of a preflight that is under way; its result repeats what came of each step.'),
  z.strictObject({ type: z.literal('result'), taskId: TaskIdSchema, result: TaskResult }),
  z.strictObject({ type: z.literal('failure'), taskId: TaskIdSchema, error: WireError }),
  z
    .strictObject({ type: z.literal('draining') })
    .describe('No new tasks please; those under way will be finished.'),
  z
    .strictObject({
      type: z.literal('begun-profiles'),
      begun: z.array(ProfileRevision).max(BEGUN_PROFILES_MAX),
    })
    .describe('After the welcome: which start-up profiles it has begun, ever. Before, none is sent to it.'),
  Credit,
  LocalRead,
  LocalUses,
]);
export type DelegateMessage = z.infer<typeof DelegateMessage>;
