// Public face of the audit trail's verification for browsers: the verdicts of ../audit, with WebCrypto for hashes and signatures.
export { WebTrailVerifier } from './web-trail-verifier.ts';
export type { AnyAuditRecord, AuditChainHead, TrailProblem } from '../audit/record-claims.ts';
export type { CheckpointToVerify, Trail, TrailReport } from '../audit/verify-trail.ts';
