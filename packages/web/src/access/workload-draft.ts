// A workload issuer while somebody edits it: what is typed, what is still missing, and what is sent.
import { parseRoleArn, parseSelectors } from '@sallyport/core';
import type { CallInput } from '@sallyport/sdk/browser';
import type { WorkloadIssuerView } from '@sallyport/protocol';
import { complaintOf } from '../ui/field-errors.ts';
import { areRightsComplete, rightsDraftOf, rightsInputOf } from './rights-draft.ts';
import type { RightsDraft } from './rights-draft.ts';

export type WorkloadKind = 'oidc' | 'aws';
export type RuleDraft = { key: number; claim: string; pattern: string };

export type WorkloadDraft = {
  name: string;
  kind: WorkloadKind;
  issuer: string;
  audience: string;
  rules: RuleDraft[];
  /** JSON of its public keys; empty: the server asks the issuer. */
  jwks: string;
  roleArns: string[];
  selectors: string[];
  groups: string[];
  restriction: RightsDraft | null;
  minutes: number;
};

export const MINUTES = { min: 1, max: 60, usual: 15 };

/** @param audience what tokens should name: the address of this server */
export function emptyWorkload(audience: string): WorkloadDraft {
  return {
    name: '',
    kind: 'oidc',
    issuer: '',
    audience,
    rules: [{ key: 1, claim: '', pattern: '' }],
    jwks: '',
    roleArns: [],
    selectors: [],
    groups: [],
    restriction: null,
    minutes: MINUTES.usual,
  };
}

export function workloadDraftOf(view: WorkloadIssuerView): WorkloadDraft {
  const { name, settings, groups, restriction, ttlSeconds } = view;
  const isOidc = settings.kind === 'oidc';
  return {
    ...emptyWorkload(''),
    name,
    kind: settings.kind,
    ...(isOidc
      ? {
          issuer: settings.issuer,
          audience: settings.audience,
          rules: settings.rules.map((rule, index) => ({ key: index + 1, ...rule })),
          jwks: settings.jwks === null ? '' : JSON.stringify(settings.jwks, null, 2),
        }
      : { roleArns: settings.roleArns, selectors: settings.selectors }),
    groups: groups.map(({ id }) => id),
    restriction: restriction === null ? null : rightsDraftOf(restriction),
    minutes: ttlSeconds / 60,
  };
}

export type WorkloadComplaints = Partial<
  Record<
    'name' | 'issuer' | 'audience' | 'rules' | 'jwks' | 'roleArns' | 'selectors' | 'groups' | 'minutes',
    string
  >
> & { isComplete: boolean };

/** What keeps the draft from being sent, field by field. */
export function judgeWorkload(draft: WorkloadDraft): WorkloadComplaints {
  const { name, groups, restriction, minutes } = draft;
  const complaints = {
    ...(name.trim() === '' ? { name: 'It needs a name.' } : {}),
    ...(draft.kind === 'oidc' ? judgeOidc(draft) : judgeAws(draft)),
    ...(groups.length === 0
      ? { groups: 'Choose at least one group: its rights are what workloads get.' }
      : {}),
    ...(minutes >= MINUTES.min && minutes <= MINUTES.max
      ? {}
      : { minutes: `${MINUTES.min} to ${MINUTES.max} minutes.` }),
  };
  const rightsAreComplete = restriction === null || areRightsComplete(restriction);
  return { ...complaints, isComplete: Object.keys(complaints).length === 0 && rightsAreComplete };
}

function judgeOidc({ issuer, audience, rules, jwks }: WorkloadDraft): Omit<WorkloadComplaints, 'isComplete'> {
  const unfinished = rules.length === 0 || rules.some(({ claim, pattern }) => claim === '' || pattern === '');
  const isOpen = rules.some(({ pattern }) => /^\*+$/.test(pattern));
  return {
    ...(/^https?:\/\/\S+$/.test(issuer) ? {} : { issuer: 'An address such as https://token.example.com.' }),
    ...(audience.trim() === '' ? { audience: 'What tokens have to name in `aud`.' } : {}),
    ...(unfinished ? { rules: 'Each rule has a claim and a pattern; there is at least one.' } : {}),
    ...(isOpen ? { rules: 'A pattern of nothing but * would let everybody in.' } : {}),
    ...(jwks.trim() === '' || keysIn(jwks) !== null
      ? {}
      : { jwks: 'A JSON object with a list "keys", as the issuer publishes it.' }),
  };
}

function judgeAws({ roleArns, selectors }: WorkloadDraft): Omit<WorkloadComplaints, 'isComplete'> {
  // A pattern stands for names; the rest of the ARN is as usual.
  const wrong = roleArns.find((arn) => complaintOf(parseRoleArn, arn.replaceAll('*', 'x')) !== null);
  const selectorComplaint = complaintOf(() => parseSelectors(selectors), '');
  return {
    ...(roleArns.length === 0 ? { roleArns: 'Name at least one role.' } : {}),
    ...(wrong === undefined ? {} : { roleArns: `“${wrong}” is not the ARN of a role.` }),
    ...(selectorComplaint === null ? {} : { selectors: selectorComplaint }),
  };
}

function keysIn(text: string): { keys: Record<string, never>[] } | null {
  try {
    const json = JSON.parse(text) as { keys?: unknown };
    return Array.isArray(json.keys) && json.keys.length > 0 ? { keys: json.keys as never[] } : null;
  } catch {
    return null;
  }
}

/** What to send for a draft that is complete. */
export function workloadInputOf(draft: WorkloadDraft): CallInput<'createWorkloadIssuer'>['body'] {
  const { name, kind, issuer, audience, rules, jwks, roleArns, selectors } = draft;
  return {
    name: name.trim(),
    settings:
      kind === 'aws'
        ? { kind, roleArns, selectors }
        : {
            kind,
            issuer,
            audience: audience.trim(),
            rules: rules.map(({ claim, pattern }) => ({ claim, pattern })),
            jwks: keysIn(jwks),
          },
    groups: draft.groups,
    restriction: draft.restriction === null ? null : rightsInputOf(draft.restriction),
    ttlSeconds: Math.round(draft.minutes * 60),
  };
}
