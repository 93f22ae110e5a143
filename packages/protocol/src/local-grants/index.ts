// Public face of grants for Node: what the server signs, what a delegate checks before it serves a program beside it. Decided in
// docs/adr/0018-local-endpoint.md.
export { callerHashOf } from './caller-hash.ts';
export { signLocalGrant, verifyLocalGrant } from './signed-grant.ts';
