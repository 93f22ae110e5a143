// Public face of the audit trail's chain for Node: what the server writes, delegates sign and anybody can verify without either.
// For browsers there is ../audit-web; the schemas are in the package's main face.
export { canonicalJson } from './canonical-json.ts';
export {
  AUDIT_CHAIN_START,
  AUDIT_HASH_BYTES,
  chainRecord,
  checkAuditRecord,
  contentHashOf,
  extendHead,
  findTrailProblem,
  linkHash,
} from './chain.ts';
export type { AuditContent } from './chain.ts';
export { isSignedCheckpoint, NODE_PROOF } from './checkpoint.ts';
export { checkpointBytes } from './checkpoint-bytes.ts';
export type { UnsignedCheckpoint } from './checkpoint-bytes.ts';
export { AUDIT_EXPORT_VERSION, ExportHeader, parseExportLine, parseKeptCheckpoint } from './export-file.ts';
export type { ExportLine } from './export-file.ts';
export { actorKindOf } from './record-claims.ts';
export type { AnyAuditRecord, AuditChainHead, TrailProblem } from './record-claims.ts';
export { headOf, TrailVerifier } from './verify-trail.ts';
export type { CheckpointToVerify, Signer, Trail, TrailProof, TrailReport } from './verify-trail.ts';
