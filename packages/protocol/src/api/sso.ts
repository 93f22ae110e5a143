// Schemas of the API for single sign-on: the OpenID provider at which people prove who they are. The sign-in itself is not JSON but two
// pages, to which the browser is led: `/v1/sso/start`, and `/v1/sso/callback`, where it comes back.
import { z } from 'zod';
import { GroupMention } from './api-keys.ts';
import { ReferenceSchema, TimeMs } from './ids.ts';

/** Where a sign-in starts. */
export const SSO_START_PATH = '/v1/sso/start';
/** Where the provider leads the browser back to. */
export const SSO_CALLBACK_PATH = '/v1/sso/callback';

const issuer = z
  .string()
  .min(1)
  .max(512)
  .describe('Address of the provider, as it names itself: https, or http on this machine.');
const displayName = z.string().min(1).max(64).describe('What the sign-in page calls it.');
const claim = z.string().min(1).max(256);

export const SsoView = z
  .strictObject({
    issuer,
    clientId: z.string(),
    hasClientSecret: z.boolean().describe('false: a public client.'),
    displayName,
    scopes: z.array(z.string()),
    groupClaim: claim.nullable().describe("The claim with the user's groups at the provider; null: none."),
    groupMapping: z.array(z.strictObject({ value: z.string(), group: GroupMention })),
    allowedDomains: z.array(z.string()).nullable(),
    createUsers: z.boolean(),
    callbackUrl: z.string().describe('What the provider has to allow as redirect address.'),
    updatedAtMs: TimeMs,
  })
  .meta({ id: 'Sso' });
export type SsoView = z.infer<typeof SsoView>;

/** Whether there is any, and how. */
export const SsoSettings = z.strictObject({ sso: SsoView.nullable() }).meta({ id: 'SsoSettings' });
export type SsoSettings = z.infer<typeof SsoSettings>;

export const PutSso = z
  .strictObject({
    issuer,
    clientId: z.string().min(1).max(256),
    clientSecret: z
      .string()
      .min(1)
      .max(1024)
      .nullable()
      .optional()
      .meta({ 'x-redact': true })
      .describe(
        'null: a public client. Left out: the one that is stored, as long as provider and client id stay the same.',
      ),
    displayName: displayName.default('single sign-on'),
    scopes: z
      .array(z.string().regex(/^[\x21\x23-\x5b\x5d-\x7e]{1,64}$/, 'not a scope'))
      .max(16)
      .default(['openid', 'profile', 'email'])
      .describe('`openid` is always asked for.'),
    groupClaim: claim.nullable().default(null),
    groupMapping: z
      .array(
        z.strictObject({
          value: z.string().min(1).max(512).describe('A value of the claim.'),
          group: ReferenceSchema.describe('The group that users with it are in, by name or id.'),
        }),
      )
      .max(256)
      .default([])
      .describe(
        'At each sign-in users enter and leave these groups as the claim says; other groups are left alone.',
      ),
    allowedDomains: z
      .array(z.string().regex(/^[a-z0-9.-]{1,253}$/, 'must be a domain in lower case'))
      .min(1)
      .max(64)
      .nullable()
      .default(null)
      .describe(
        'Domains of the verified mail address that a user must have; null: any user of the provider.',
      ),
    createUsers: z
      .boolean()
      .default(false)
      .describe('Make a user at the first sign-in; otherwise only those come in who have done so before.'),
  })
  .meta({ id: 'PutSso' });
export type PutSso = z.infer<typeof PutSso>;

export const SsoStatus = z
  .strictObject({
    enabled: z.boolean(),
    displayName: z.string().nullable(),
    startPath: z.string().nullable().describe('Where to lead the browser.'),
  })
  .meta({ id: 'SsoStatus' });
export type SsoStatus = z.infer<typeof SsoStatus>;
