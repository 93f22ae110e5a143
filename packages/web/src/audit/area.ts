// The audit trail: records with filters in the address, and how it stands with its checkpoints and sinks.
import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { area } from '../app/area.ts';
import { shellRoute } from '../app/parent-routes.ts';
import { may } from '../client/permissions.ts';
import { filterIn } from './audit-filter.ts';

export const auditRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/audit',
  validateSearch: filterIn,
  component: lazyRouteComponent(async () => import('./audit-page.tsx'), 'AuditPage'),
});

export const auditStatusRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/audit/checkpoints',
  component: lazyRouteComponent(async () => import('./audit-status-page.tsx'), 'AuditStatusPage'),
});

export const auditVerifyRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/audit/verify',
  component: lazyRouteComponent(async () => import('./verify-page.tsx'), 'VerifyPage'),
});

export const audit = area({
  routes: [auditRoute, auditStatusRoute, auditVerifyRoute],
  navigation: [
    {
      to: '/audit',
      label: 'Audit trail',
      icon: 'audit',
      section: 'Oversight',
      key: 'l',
      isFor: (me) => may(me, 'view-audit-trail'),
    },
  ],
});
