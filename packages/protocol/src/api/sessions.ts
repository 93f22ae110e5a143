// Schemas of the API for signing in and for what people see to themselves: password, sessions, second factor.
import { z } from 'zod';
import { GroupMention } from './api-keys.ts';
import { ApiKeyIdSchema, NameSchema, SessionIdSchema, TimeMs, UserIdSchema } from './ids.ts';

/** Anything that somebody types as a password; a new one is checked by the server, which words the error. */
export const PasswordSchema = z.string().min(1).max(4096).meta({ 'x-redact': true });

/** Six digits of the authenticator app, or a recovery code. */
export const SecondFactorCodeSchema = z
  .string()
  .min(1)
  .max(64)
  .meta({ 'x-redact': true })
  .describe('The six digits that the authenticator app shows, or a recovery code.');

/** The random part of a one-time link, after the last `/`. */
export const LinkValueSchema = z
  .string()
  .min(1)
  .max(200)
  .meta({ 'x-redact': true })
  .describe('What stands after the last `/` of the link.');

export const SignIn = z
  .strictObject({
    user: z.string().min(1).max(300).describe('Name of the user.'),
    password: PasswordSchema,
    code: SecondFactorCodeSchema.optional(),
  })
  .meta({ id: 'SignIn' });
export type SignIn = z.infer<typeof SignIn>;

export const SignedIn = z
  .strictObject({
    userId: UserIdSchema,
    name: z.string(),
    displayName: z.string(),
    sessionId: SessionIdSchema,
    expiresAtMs: TimeMs.describe('The session ends then at the latest; earlier when it is not used.'),
  })
  .meta({ id: 'SignedIn' });
export type SignedIn = z.infer<typeof SignedIn>;

export const SignInForKey = SignIn.extend({
  keyName: NameSchema.describe("Name of the key; none of the user's active keys has it."),
  expiresInSeconds: z.number().int().min(60).max(31_536_000).describe('When the key ends.'),
}).meta({ id: 'SignInForKey' });
export type SignInForKey = z.infer<typeof SignInForKey>;

export const SignedInWithKey = z
  .strictObject({
    userId: UserIdSchema,
    name: z.string(),
    apiKeyId: ApiKeyIdSchema,
    value: z.string().meta({ 'x-redact': true }).describe('An API key of the user. Shown this once.'),
    expiresAtMs: TimeMs,
  })
  .meta({ id: 'SignedInWithKey' });
export type SignedInWithKey = z.infer<typeof SignedInWithKey>;

export const InspectLink = z.strictObject({ value: LinkValueSchema }).meta({ id: 'InspectLink' });
export type InspectLink = z.infer<typeof InspectLink>;

export const LINK_PURPOSE_NAMES = ['invitation', 'password-reset', 'set-up'] as const;

export const LinkView = z
  .strictObject({
    purpose: z.enum(LINK_PURPOSE_NAMES).describe('`set-up`: makes the first user.'),
    name: z.string().nullable().describe('The user that it is for; null for `set-up`.'),
    displayName: z.string().nullable(),
    needsCode: z.boolean().describe('Whether redeeming it takes a code of the second factor.'),
    expiresAtMs: TimeMs,
  })
  .meta({ id: 'Link' });
export type LinkView = z.infer<typeof LinkView>;

export const RedeemLink = z
  .strictObject({
    value: LinkValueSchema,
    password: PasswordSchema.describe('The new password: 12 to 1,024 characters.'),
    code: SecondFactorCodeSchema.optional(),
    name: NameSchema.optional().describe('Only and always for `set-up`: name of the first user.'),
    displayName: NameSchema.optional().describe('Only for `set-up`; the name unless given.'),
  })
  .meta({ id: 'RedeemLink' });
export type RedeemLink = z.infer<typeof RedeemLink>;

export const MyProfile = z
  .strictObject({
    userId: UserIdSchema,
    name: z.string(),
    displayName: z.string(),
    hasPassword: z.boolean(),
    singleSignOn: z.boolean().describe('Whether the user is known at the single sign-on provider.'),
    secondFactor: z
      .strictObject({ recoveryCodesLeft: z.number().int().min(0) })
      .nullable()
      .describe('null: none is set up.'),
    groups: z.array(GroupMention),
    createdAtMs: TimeMs,
    lastSignInAtMs: TimeMs.nullable(),
  })
  .meta({ id: 'MyProfile' });
export type MyProfile = z.infer<typeof MyProfile>;

export const EditMyProfile = z.strictObject({ displayName: NameSchema }).meta({ id: 'EditMyProfile' });
export type EditMyProfile = z.infer<typeof EditMyProfile>;

export const ChangePassword = z
  .strictObject({
    currentPassword: PasswordSchema,
    newPassword: PasswordSchema.describe('12 to 1,024 characters.'),
  })
  .meta({ id: 'ChangePassword' });
export type ChangePassword = z.infer<typeof ChangePassword>;

export const SessionView = z
  .strictObject({
    id: SessionIdSchema,
    current: z.boolean().describe('The one of this very request.'),
    method: z.enum(['password', 'link', 'single-sign-on']),
    clientAddress: z.string().describe('Where the user signed in from.'),
    userAgent: z.string().nullable().describe("The browser's own words."),
    createdAtMs: TimeMs,
    lastUsedAtMs: TimeMs.describe('Accurate to a minute.'),
    expiresAtMs: TimeMs,
  })
  .meta({ id: 'Session' });
export type SessionView = z.infer<typeof SessionView>;

export const SessionList = z
  .strictObject({ sessions: z.array(SessionView).describe('Newest first.') })
  .meta({ id: 'SessionList' });
export type SessionList = z.infer<typeof SessionList>;

export const RevokeSessions = z
  .strictObject({
    sessions: z
      .union([z.enum(['all', 'others']), SessionIdSchema])
      .describe('`others`: all but the one of this request.'),
  })
  .meta({ id: 'RevokeSessions' });
export type RevokeSessions = z.infer<typeof RevokeSessions>;

export const RevokedSessions = z
  .strictObject({ revoked: z.number().int().min(0) })
  .meta({ id: 'RevokedSessions' });
export type RevokedSessions = z.infer<typeof RevokedSessions>;

export const BeginTotp = z.strictObject({ password: PasswordSchema }).meta({ id: 'BeginTotp' });
export type BeginTotp = z.infer<typeof BeginTotp>;

export const PendingTotp = z
  .strictObject({
    secret: z
      .string()
      .meta({ 'x-redact': true })
      .describe('In base 32, to be typed into an authenticator app.'),
    uri: z
      .string()
      .meta({ 'x-redact': true })
      .describe('The same as an `otpauth://` address, to be shown as a QR code.'),
  })
  .meta({ id: 'PendingTotp' });
export type PendingTotp = z.infer<typeof PendingTotp>;

export const ConfirmTotp = z.strictObject({ code: SecondFactorCodeSchema }).meta({ id: 'ConfirmTotp' });
export type ConfirmTotp = z.infer<typeof ConfirmTotp>;

export const RecoveryCodes = z
  .strictObject({
    recoveryCodes: z
      .array(z.string())
      .meta({ 'x-redact': true })
      .describe('Each signs in once in place of a code of the app. Shown this once.'),
  })
  .meta({ id: 'RecoveryCodes' });
export type RecoveryCodes = z.infer<typeof RecoveryCodes>;

/** That it is really the user who changes the second factor: one of the two. */
export const ProveIdentity = z
  .strictObject({ password: PasswordSchema.optional(), code: SecondFactorCodeSchema.optional() })
  .refine(({ password, code }) => (password === undefined) !== (code === undefined), {
    error: 'give either the password or a code',
  })
  .meta({ id: 'ProveIdentity' });
export type ProveIdentity = z.infer<typeof ProveIdentity>;
