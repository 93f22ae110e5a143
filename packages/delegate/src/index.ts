// Public face of @sallyport/delegate: start a delegate, and the settings that it takes.
export { DelegateConfig, parseDelegateConfig } from './config/delegate-config.ts';
export type { DelegateConfigInput } from './config/delegate-config.ts';
export type { ConnectionState } from './connection/server-connection.ts';
export type { DelegateState, RunningDelegate } from './delegate/running-delegate.ts';
export { startDelegate } from './delegate/start-delegate.ts';
export type { DelegateDependencies } from './delegate/start-delegate.ts';
export { GuardFile } from './guard/guard-file.ts';
export type { KeyProviderSource, SecretsManagerUse } from './key-providers/key-provider-source.ts';
export type { Time } from './time/time.ts';
