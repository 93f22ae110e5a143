// Says of references in a script that is being written whether a start-up profile could be saved with them, one by one. It decides as
// saving does; the script itself is not sent before it is saved.
import { isAppError } from '@sallyport/core';
import type { ProfileSecretCheck } from '@sallyport/protocol';
import type { OperationRequest } from '../http/operation.ts';
import { askerOf } from '../secrets/secret-asker.ts';
import type { SecretAsker } from '../secrets/secret-asker.ts';
import type { Services } from '../services.ts';
import type { Tables } from '../storage/store.ts';
import { findScriptSecrets, requireNoPlace } from './profile-script.ts';

export async function checkSecrets(
  request: OperationRequest<'checkProfileSecrets'>,
  services: Pick<Services, 'store' | 'catalogue'>,
): Promise<ProfileSecretCheck[]> {
  const asker = await askerOf(request, services);
  return services.store.read(async (tables) => {
    const checks: ProfileSecretCheck[] = [];
    for (const reference of request.body.references) checks.push(await check(tables, reference, asker));
    return checks;
  });
}

async function check(
  tables: Pick<Tables, 'secrets'>,
  reference: string,
  asker: SecretAsker,
): Promise<ProfileSecretCheck> {
  try {
    requireNoPlace(reference);
    const [item] = await findScriptSecrets(tables, [reference], { catalogue: asker.catalogue, asker });
    const secret = item === undefined ? null : { id: item.found.secret.id, name: item.found.secret.name };
    return { reference, secret, problem: null };
  } catch (thrown) {
    if (!isAppError(thrown)) throw thrown;
    return { reference, secret: null, problem: { code: thrown.code, message: thrown.publicMessage } };
  }
}
