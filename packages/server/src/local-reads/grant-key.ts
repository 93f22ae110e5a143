// The key with which the server signs grants for reads through a delegate's local endpoint. Made at the first start, kept under the root
// key, and the same for every server on one database. Delegates remember the first public half that they are shown.
import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { rawPublicKeyOf } from '@sallyport/protocol/sealing';
import type { RootKey } from '../root-key/root-key.ts';
import type { Store } from '../storage/store.ts';

const SETTING = 'local-grant-key';
/** What the private half is bound to under the root key. */
const BOUND_TO = 'local-grant-key';

export type GrantKey = {
  privateKey: KeyObject;
  /** Raw Ed25519 public key, base64url. */
  publicKey: string;
};

/** @throws {internal} when what is stored does not open, having been changed in the database */
export async function openGrantKey(store: Store, rootKey: RootKey): Promise<GrantKey> {
  const stored =
    (await store.read(async ({ settings }) => settings.get(SETTING))) ?? (await make(store, rootKey));
  const der = rootKey.decrypt(stored, BOUND_TO);
  try {
    const privateKey = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
    return { privateKey, publicKey: rawPublicKeyOf(privateKey).toString('base64url') };
  } finally {
    der.fill(0);
  }
}

async function make(store: Store, rootKey: RootKey): Promise<string> {
  const { privateKey } = generateKeyPairSync('ed25519');
  const der = privateKey.export({ format: 'der', type: 'pkcs8' });
  const made = rootKey.encrypt(der, BOUND_TO);
  der.fill(0);
  return store.write(async ({ settings }) => {
    // Another process may have been faster.
    const meanwhile = await settings.get(SETTING);
    if (meanwhile !== null) return meanwhile;
    await settings.set(SETTING, made);
    return made;
  });
}
