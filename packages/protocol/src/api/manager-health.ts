// Schemas of the API for the health of a secrets manager: what the last test at each delegate found, judged together. Tests themselves, with
// their stages, are in secrets-managers.ts.
import { z } from 'zod';
import { DelegateIdSchema, TimeMs } from './ids.ts';

/** Delegates listed in a secrets manager's health, the failing ones first. */
export const HEALTH_DELEGATES_MAX = 10;

/** What the last test of a secrets manager found at one delegate, without its stages. */
export const DelegateHealth = z
  .strictObject({
    delegateId: DelegateIdSchema,
    delegateName: z.string(),
    ok: z.boolean(),
    atMs: TimeMs,
    elapsedMs: z
      .number()
      .int()
      .min(0)
      .nullable()
      .describe('How long all stages took; null: the delegate did not report.'),
    isOutdated: z.boolean().describe('Settings that are tried have changed since.'),
    failure: z
      .string()
      .nullable()
      .describe('Why it failed, in a few words such as `missing kms:Decrypt`; null: it passed.'),
    warningCount: z.number().int().min(0),
  })
  .meta({ id: 'DelegateHealth' });
export type DelegateHealth = z.infer<typeof DelegateHealth>;

export const ManagerHealth = z
  .strictObject({
    state: z
      .enum(['untested', 'outdated', 'healthy', 'degraded', 'failing'])
      .describe(
        '`untested`: no result is kept. `outdated`: all results are from before its settings changed. Otherwise by the results of the settings as they are: all delegates passed, some, or none.',
      ),
    atMs: TimeMs.nullable().describe(
      'When that was found: the newest failure if there is one, else the newest result; null: untested.',
    ),
    passed: z.number().int().min(0).describe('Delegates that passed, of those that count.'),
    tested: z
      .number()
      .int()
      .min(0)
      .describe('Delegates whose results count: those of the settings as they are, or all when outdated.'),
    elapsedMs: z
      .number()
      .int()
      .min(0)
      .nullable()
      .describe('How long the slowest delegate that passed took, of those that count; null: none passed.'),
    delegates: z
      .array(DelegateHealth)
      .max(HEALTH_DELEGATES_MAX)
      .describe('Results that count come first, failures first among them, then the newest.'),
  })
  .meta({ id: 'SecretsManagerHealth' });
export type ManagerHealth = z.infer<typeof ManagerHealth>;
