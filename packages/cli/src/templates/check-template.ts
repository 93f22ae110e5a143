// `render --check`: everything that a template needs and whether it could be read, without reading any value.
import type { Client } from '@sallyport/sdk';
import { RESOLVE_MAX_ITEMS } from '@sallyport/protocol';
import type { NeedFailure } from './need-failures.ts';
import type { TemplatePlan } from './plan-template.ts';

export type CheckedNeeds = {
  found: readonly { need: TemplatePlan['references'][number]['need']; version: number }[];
  failures: readonly NeedFailure[];
};

/** Both in the order of the template. */
export async function checkTemplate(
  client: Client,
  { references, failures }: TemplatePlan,
): Promise<CheckedNeeds> {
  const versions = new Map<string, number>();
  const errors = new Map<string, NeedFailure['error']>();
  const unique = [...new Set(references.map(({ reference }) => reference))];
  for (let from = 0; from < unique.length; from += RESOLVE_MAX_ITEMS) {
    const usable = await client.usable({ items: unique.slice(from, from + RESOLVE_MAX_ITEMS) });
    for (const { reference, version } of usable.secrets) versions.set(reference, version);
    for (const { reference, error } of usable.unreadable) errors.set(reference, error);
  }
  const found = references.flatMap(({ need, reference }) => {
    const version = versions.get(reference);
    return version === undefined ? [] : [{ need, version }];
  });
  const missing = references
    .filter(({ reference }) => !versions.has(reference))
    .map(({ need, reference }) => ({ need, error: errors.get(reference) ?? null }));
  return { found, failures: [...failures, ...missing].toSorted(byPlace) };
}

function byPlace(left: NeedFailure, right: NeedFailure): number {
  const [one] = left.need.positions;
  const [other] = right.need.positions;
  if (one === undefined || other === undefined) return 0;
  return one.line - other.line || one.column - other.column;
}
