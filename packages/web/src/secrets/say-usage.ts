// What refers to a secret, who had it and what was changed about it, in words.
import type { SecretChange, SetupUsageView, UsageScopeView } from '@sallyport/protocol';
import { parseAvailability } from '@sallyport/protocol/client';
import { sayScope } from '../scope-editor/say-region.ts';
import { sayAvailability } from './say-availability.ts';

/** E.g. `DB_PASSWORD of web in shop / production`, or `start-up profile tools`. */
export function saySetupUsage(usage: SetupUsageView): string {
  if (usage.kind === 'start-up-profile') return `start-up profile ${usage.profile.name}`;
  const { name, service, application, environment } = usage;
  const where =
    environment === null
      ? `${application.name}, all environments`
      : `${application.name} / ${environment.name}`;
  return `${name} of ${service.name} in ${where}`;
}

/** Tells one from another in a list. */
export function keyOfUsage(usage: SetupUsageView): string {
  return usage.kind === 'start-up-profile' ? usage.profile.id : usage.entryId;
}

const ACTIONS: Readonly<Record<string, string>> = {
  'secret.created': 'Created',
  'secret.version-added': 'New version',
  'secret.renamed': 'Renamed',
  'secret.scope-changed': 'Usage scope changed',
  'secret.availability-changed': 'Availability changed',
  'secret.alias-removed': 'Former name removed',
};

export function sayAction(action: string): string {
  return ACTIONS[action] ?? action;
}

type Value = SecretChange['changes'][number]['from'];

/** One side of a change. */
export function sayChanged(field: string, value: Value): string {
  if (value === null || value === undefined) return 'none';
  if (field === 'scope') return sayScope(value as UsageScopeView);
  const availability =
    field === 'availability' && typeof value === 'string' ? parseAvailability(value) : null;
  if (availability !== null) return sayAvailability(availability);
  return typeof value === 'string' || typeof value === 'number' ? String(value) : JSON.stringify(value);
}
