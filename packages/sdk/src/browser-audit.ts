// Public face of @sallyport/sdk for web pages that verify an audit trail; apart, since hardly any page does.
export { verifyAuditTrail } from './audit/verify-audit-trail.ts';
export type { AuditVerdict, SeenHead, VerifyOptions } from './audit/verify-audit-trail.ts';
