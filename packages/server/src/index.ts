// Public face of @sallyport/server.
export { parseServerConfig, ServerConfig } from './config/server-config.ts';
export type { ServerConfigInput } from './config/server-config.ts';
export { DATABASE_FILE, startServer } from './server.ts';
export type { RunningServer, ServerDependencies } from './server.ts';
export { systemClock } from './clock.ts';
export type { Clock } from './clock.ts';
export { openSqliteStore } from './storage/sqlite/sqlite-store.ts';
export type { Store } from './storage/store.ts';
