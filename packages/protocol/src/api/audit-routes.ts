// Operations of the HTTP API on the audit trail.
import {
  AuditCheckpointPage,
  AuditExportPage,
  AuditPage,
  AuditStatus,
  ExportAuditQuery,
  ListAuditQuery,
  StoredAuditCheckpoint,
} from './audit.ts';
import { PageQuery } from './ids.ts';
import { route } from './route.ts';
import type { Route } from './route.ts';

export const AUDIT_ROUTES = {
  listAudit: route({
    method: 'GET',
    path: '/v1/audit',
    tag: 'audit',
    access: 'view-audit-trail',
    summary: 'The audit trail, newest first.',
    query: ListAuditQuery,
    response: AuditPage,
    errors: ['not-found'],
  }),
  exportAudit: route({
    method: 'GET',
    path: '/v1/audit/export',
    tag: 'audit',
    access: 'view-audit-trail',
    summary: 'The audit trail, oldest first, with all that it takes to verify it without the server.',
    query: ExportAuditQuery,
    response: AuditExportPage,
    errors: [],
  }),
  auditStatus: route({
    method: 'GET',
    path: '/v1/audit/status',
    tag: 'audit',
    access: 'view-audit-trail',
    summary: 'How far the trail reaches, who has signed it last, and how far sinks are behind.',
    response: AuditStatus,
    errors: [],
  }),
  listAuditCheckpoints: route({
    method: 'GET',
    path: '/v1/audit/checkpoints',
    tag: 'audit',
    access: 'view-audit-trail',
    summary: 'Checkpoints that delegates have signed, newest first.',
    query: PageQuery,
    response: AuditCheckpointPage,
    errors: [],
  }),
  createAuditCheckpoint: route({
    method: 'POST',
    path: '/v1/audit/checkpoints',
    tag: 'audit',
    access: 'view-audit-trail',
    summary: 'Has a connected delegate sign the newest record now.',
    response: StoredAuditCheckpoint,
    status: 201,
    errors: [
      'no-delegate',
      'delegate-refused',
      'delegate-lost',
      'task-timeout',
      'protocol-version-unsupported',
    ],
  }),
} as const satisfies Record<string, Route>;
