// Operations for workloads that have no stored key.
import { route } from './route.ts';
import type { Route } from './route.ts';
import {
  CreateWorkloadIssuer,
  EditWorkloadIssuer,
  ExchangeWorkloadIdentity,
  WorkloadIssuerList,
  WorkloadIssuerView,
  WorkloadKey,
} from './workloads.ts';

const tag = 'workloads';
const SAVING = [
  'name-taken',
  'invalid-name',
  'invalid-role-arn',
  'invalid-selector',
  'invalid-scope',
  'not-found',
] as const;

export const WORKLOAD_ROUTES = {
  exchangeWorkloadIdentity: route({
    method: 'POST',
    path: '/v1/workloads/exchange',
    tag,
    access: 'anybody',
    summary: 'Exchange an identity that a workload has elsewhere for a short-lived API key.',
    body: ExchangeWorkloadIdentity,
    response: WorkloadKey,
    status: 201,
    errors: [
      'workload-refused',
      'rate-limited',
      'no-delegate',
      'delegate-lost',
      'task-timeout',
      'aws-unreachable',
      'aws-throttled',
      'aws-failed',
    ],
  }),
  listWorkloadIssuers: route({
    method: 'GET',
    path: '/v1/workload-issuers',
    tag,
    access: 'administer',
    summary: 'The issuers whose workloads are let in.',
    response: WorkloadIssuerList,
    errors: [],
  }),
  createWorkloadIssuer: route({
    method: 'POST',
    path: '/v1/workload-issuers',
    tag,
    access: 'administer',
    summary: 'Let in workloads of an OpenID issuer, or with an AWS identity.',
    body: CreateWorkloadIssuer,
    response: WorkloadIssuerView,
    status: 201,
    errors: SAVING,
  }),
  getWorkloadIssuer: route({
    method: 'GET',
    path: '/v1/workload-issuers/{workloadIssuer}',
    tag,
    access: 'administer',
    summary: 'One issuer.',
    response: WorkloadIssuerView,
    errors: ['not-found'],
  }),
  editWorkloadIssuer: route({
    method: 'PATCH',
    path: '/v1/workload-issuers/{workloadIssuer}',
    tag,
    access: 'administer',
    summary: 'Change an issuer; keys that it has let in so far end, unless only the name changes.',
    body: EditWorkloadIssuer,
    response: WorkloadIssuerView,
    errors: SAVING,
  }),
  deleteWorkloadIssuer: route({
    method: 'DELETE',
    path: '/v1/workload-issuers/{workloadIssuer}',
    tag,
    access: 'administer',
    summary: 'Let nobody of an issuer in any more; keys that it has let in so far end.',
    response: null,
    status: 204,
    errors: ['not-found'],
  }),
} as const satisfies Record<string, Route>;
