// The id of the account: what checkpoints name, so that a checkpoint of one installation is of no use at another. Made at the first start
// and kept for good.
import { randomBytes } from 'node:crypto';
import type { Store } from '../storage/store.ts';

const SETTING = 'account-id';
const RANDOM_BYTES = 16;

export async function openAccountId(store: Store): Promise<string> {
  const known = await store.read(async ({ settings }) => settings.get(SETTING));
  if (known !== null) return known;
  return store.write(async ({ settings }) => {
    // Another process may have been faster.
    const meanwhile = await settings.get(SETTING);
    if (meanwhile !== null) return meanwhile;
    const made = `acc_${randomBytes(RANDOM_BYTES).toString('hex')}`;
    await settings.set(SETTING, made);
    return made;
  });
}
