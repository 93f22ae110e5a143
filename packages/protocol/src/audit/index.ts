// Public face of the audit trail's chain for Node: what the server writes, delegates sign and anybody can verify without either.
// A browser cannot use it; the schemas are in the package's main face.
export { canonicalJson } from './canonical-json.ts';
export {
  actorKindOf,
  AUDIT_CHAIN_START,
  AUDIT_HASH_BYTES,
  chainRecord,
  checkAuditRecord,
  contentHashOf,
  extendHead,
  findTrailProblem,
  linkHash,
} from './chain.ts';
export type { AnyAuditRecord, AuditChainHead, AuditContent, TrailProblem } from './chain.ts';
export { checkpointBytes, headOf, isSignedCheckpoint } from './checkpoint.ts';
export type { UnsignedCheckpoint } from './checkpoint.ts';
export { AUDIT_EXPORT_VERSION, ExportHeader, parseExportLine, parseKeptCheckpoint } from './export-file.ts';
export type { ExportLine } from './export-file.ts';
export { TrailVerifier } from './verify-trail.ts';
export type { CheckpointToVerify, Signer, TrailReport } from './verify-trail.ts';
