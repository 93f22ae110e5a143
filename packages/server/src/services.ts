// What handlers are made of: the parts that `startServer` builds once. Handlers take the few they need.
import type { Authenticator } from './access/authenticator.ts';
import type { BackgroundWork } from './background-work.ts';
import type { Clock } from './clock.ts';
import type { ServerConfig } from './config/server-config.ts';
import type { Dispatcher } from './fleet/dispatcher.ts';
import type { Fleet } from './fleet/fleet.ts';
import type { DelegateRests } from './fleet/delegate-rests.ts';
import type { IdSource } from './id-source.ts';
import type { RootKey } from './root-key/root-key.ts';
import type { SecretsManagerDirectory } from './secrets-managers/secrets-manager-directory.ts';
import type { Store } from './storage/store.ts';

export type Services = {
  config: ServerConfig;
  store: Store;
  clock: Clock;
  ids: IdSource;
  rootKey: RootKey;
  background: BackgroundWork;
  authenticator: Authenticator;
  directory: SecretsManagerDirectory;
  fleet: Fleet;
  rests: DelegateRests;
  dispatcher: Dispatcher;
};
