// Public face of @sallyport/sdk/scripts: the client for programs that run scripts on delegates.
export { createScriptClient } from './client/script-client.ts';
export type { ScriptClient } from './client/script-client.ts';
export type { ScriptOptions, StartedScript } from './scripts/run-script.ts';
