// Operations of the API on the second factor of the calling user.
import { AppError } from '@sallyport/core';
import type { RecoveryCodes } from '@sallyport/protocol';
import { auditScopeOf } from '../http/operation.ts';
import type { Handlers, OperationRequest } from '../http/operation.ts';
import type { Services } from '../services.ts';
import type { Tables } from '../storage/store.ts';
import type { MyServices } from './me-handlers.ts';
import { ownUser, record, withOwnCode, withOwnPassword } from './own-user.ts';
import { secondFactorSubject } from './second-factor.ts';
import { signInFailed } from './sessions.ts';
import {
  bare,
  describeTotp,
  hashRecoveryCode,
  isTotpCode,
  newRecoveryCodes,
  newTotpSecret,
  totpStepOf,
} from './totp.ts';
import type { UserRow } from './user-store.ts';

type TotpOperation = 'beginTotp' | 'confirmTotp' | 'disableTotp' | 'renewRecoveryCodes';
type TotpServices = MyServices & Pick<Services, 'publicAddress'>;

export function totpHandlers(services: TotpServices): Pick<Handlers, TotpOperation> {
  return {
    beginTotp: async (request) => begin(request, services),
    confirmTotp: async (request) => confirm(request, services),
    disableTotp: async (request) => {
      const scope = auditScopeOf(request, services.clock);
      await proved(request, services, async (tables, user) => {
        if (user.totp === null) return;
        await tables.users.update({ ...user, totp: null, pendingTotpSecret: null });
        await tables.recoveryCodes.replace(user.id, []);
        await record(tables, scope, { action: 'user.totp-disabled', user });
      });
      return null;
    },
    renewRecoveryCodes: async (request) => {
      const scope = auditScopeOf(request, services.clock);
      return proved(request, services, async (tables, user) => {
        if (user.totp === null) throw nothingSetUp();
        const codes = await giveRecoveryCodes(tables, user);
        await record(tables, scope, { action: 'user.recovery-codes-renewed', user });
        return codes;
      });
    },
  };
}

async function begin(
  request: OperationRequest<'beginTotp'>,
  services: TotpServices,
): Promise<{ secret: string; uri: string }> {
  const { rootKey, publicAddress, clock } = services;
  const { principal, client } = request;
  const scope = auditScopeOf(request, clock);
  const secret = newTotpSecret();
  const change = async (tables: Tables, user: UserRow): Promise<UserRow> => {
    if (user.totp !== null) throw isSetUp();
    await tables.users.update({ ...user, pendingTotpSecret: rootKey.encrypt(secret, user.id) });
    return user;
  };
  const { password } = request.body;
  const user = await withOwnPassword({ principal, client, scope }, { password, change }, services);
  return describeTotp(secret, { name: user.name, host: new URL(publicAddress.url).hostname });
}

/** The code shows that the app has the secret; without it, a mistake here would lock the user out. */
async function confirm(
  request: OperationRequest<'confirmTotp'>,
  { store, clock, rootKey, guesses }: TotpServices,
): Promise<RecoveryCodes> {
  const { principal, body } = request;
  const scope = auditScopeOf(request, clock);
  const user = await store.read(async (tables) => ownUser(tables, principal));
  return guesses.attempt(secondFactorSubject(user), async () =>
    store.write(async (tables) => {
      const current = await ownUser(tables, principal);
      if (current.pendingTotpSecret === null) throw nothingSetUp();
      const secret = rootKey.decrypt(current.pendingTotpSecret, current.id);
      const step = isTotpCode(body.code)
        ? totpStepOf(secret, { code: bare(body.code), nowMs: scope.atMs })
        : null;
      if (step === null) throw signInFailed();
      const totp = { encryptedSecret: current.pendingTotpSecret, lastStep: step };
      await tables.users.update({ ...current, totp, pendingTotpSecret: null });
      await record(tables, scope, { action: 'user.totp-enabled', user: current });
      return giveRecoveryCodes(tables, current);
    }),
  );
}

/** Makes a change by the proof that the request has: the password or a code. */
async function proved<T>(
  request: OperationRequest<'disableTotp'> | OperationRequest<'renewRecoveryCodes'>,
  services: TotpServices,
  change: (tables: Tables, user: UserRow) => Promise<T>,
): Promise<T> {
  const { principal, client, body } = request;
  const proof = { principal, client, scope: auditScopeOf(request, services.clock) };
  if (body.password !== undefined) {
    return withOwnPassword(proof, { password: body.password, change }, services);
  }
  return withOwnCode(proof, { code: body.code ?? '', change }, services);
}

async function giveRecoveryCodes(
  tables: Pick<Tables, 'recoveryCodes'>,
  user: Pick<UserRow, 'id'>,
): Promise<RecoveryCodes> {
  const recoveryCodes = newRecoveryCodes();
  await tables.recoveryCodes.replace(
    user.id,
    recoveryCodes.map((code) => hashRecoveryCode(user.id, code)),
  );
  return { recoveryCodes };
}

function isSetUp(): AppError {
  return new AppError('in-use', {
    publicMessage: 'You have a second factor already. Disable it before you set up another one.',
  });
}

function nothingSetUp(): AppError {
  return new AppError('not-found', { publicMessage: 'No second factor has been set up. Begin with that.' });
}
