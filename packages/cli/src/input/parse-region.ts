// Places and grants as they are typed: `shop/production`, `*/non-production`, `shop/dev,staging`, and with what is allowed there in
// front, `read,use@shop/production`. Also prints them the same way. Looking the names up is the server's work. Like those of all flags,
// refusals never repeat what was typed.
import { APPLICATION_ACTIONS, ENVIRONMENT_TYPES } from '@sallyport/core';
import type { ApplicationAction } from '@sallyport/core';
import type { GrantInput, GrantView, RegionRowInput, RegionView } from '@sallyport/protocol';
import { usageError } from '../command-line/usage-error.ts';

const EVERY = '*';
const ALL_ACTIONS = 'all';
/** In front of an environment that is named like a type. */
const NAMED = 'env:';
const ID = /^env_/;

export const REGION_SYNTAX =
  'APPLICATIONS/ENVIRONMENTS, e.g. shop/production, */non-production, shop/* or shop/dev,staging';
export const GRANT_SYNTAX = `ACTIONS@APPLICATIONS/ENVIRONMENTS, e.g. read,use@shop/production or ${ALL_ACTIONS}@*/non-production`;

/** Help on the syntax, for commands that take it. */
export const REGION_DETAILS = [
  `Places are written APPLICATIONS/ENVIRONMENTS. Each side is ${EVERY} or names or ids with commas between; environments may also be all of one type, ${ENVIRONMENT_TYPES.join(' or ')}. One that is named like a type is written ${NAMED}NAME.`,
  'Quote what has a * in it, so that the shell leaves it alone.',
] as const;

/** One row from the value of a flag. @throws {invalid-request} */
export function parseRegionRow(text: string, flag: string): RegionRowInput {
  const slash = text.indexOf('/');
  if (slash === -1) {
    throw usageError(
      `--${flag} takes ${REGION_SYNTAX}.`,
      'For all environments of an application type NAME/*, in quotes.',
    );
  }
  const applications = parseList(text.slice(0, slash), flag);
  const environments = parseList(text.slice(slash + 1), flag);
  const [first = ''] = environments;
  const type = ENVIRONMENT_TYPES.find((name) => environments.includes(name));
  const applicationFilter = isEvery(applications, flag) ? ('all' as const) : applications;
  if (isEvery(environments, flag)) return { applications: applicationFilter, environments: 'all' };
  if (type !== undefined) {
    if (environments.length === 1 && first === type)
      return { applications: applicationFilter, environments: type };
    throw usageError(
      `--${flag}: ${type} stands for all ${type} environments and is not combined with names.`,
      `Repeat --${flag} for each; an environment of that name is written ${NAMED}${type}.`,
    );
  }
  if (applicationFilter === 'all') {
    throw usageError(
      `--${flag}: environments can only be named where applications are, since each belongs to one.`,
      `Name the applications, or take ${EVERY}, production or non-production.`,
    );
  }
  return { applications: applicationFilter, environments: qualified(applications, environments) };
}

/** One grant for each value of a repeatable flag. @throws {invalid-request} */
export function parseGrants(texts: readonly string[], flag: string): GrantInput[] {
  return texts.map((text) => {
    const at = text.indexOf('@');
    if (at === -1) throw usageError(`--${flag} takes ${GRANT_SYNTAX}.`);
    return {
      actions: parseActions(text.slice(0, at), flag),
      where: [parseRegionRow(text.slice(at + 1), flag)],
    };
  });
}

function parseActions(text: string, flag: string): ApplicationAction[] {
  if (text.trim() === ALL_ACTIONS) return [...APPLICATION_ACTIONS];
  return parseList(text, flag).map((name) => {
    const action = APPLICATION_ACTIONS.find((one) => one === name);
    if (action !== undefined) return action;
    throw usageError(`--${flag}: actions are ${ALL_ACTIONS}, or some of ${APPLICATION_ACTIONS.join(', ')}.`);
  });
}

function parseList(text: string, flag: string): string[] {
  const items = text.split(',').map((item) => item.trim());
  if (items.some((item) => item === ''))
    throw usageError(`--${flag}: a name is missing. It takes ${REGION_SYNTAX}.`);
  return items;
}

function isEvery(items: readonly string[], flag: string): boolean {
  if (!items.includes(EVERY)) return false;
  if (items.length === 1) return true;
  throw usageError(`--${flag}: ${EVERY} is everything and is not combined with names.`);
}

/** With several applications, a name means the environment of that name in each of them. */
function qualified(applications: readonly string[], environments: readonly string[]): string[] {
  return environments.flatMap((item) => {
    if (ID.test(item)) return [item];
    const name = item.startsWith(NAMED) ? item.slice(NAMED.length) : item;
    return applications.length === 1 ? [name] : applications.map((application) => `${application}/${name}`);
  });
}

/** As it would be typed; what was deleted is marked. One text for each part that `--grant` or `--scope` would take. */
export function printRegion(region: RegionView): string[] {
  return region.flatMap(printRow);
}

function printRow({ applications, environments }: RegionView[number]): string[] {
  const names = applications === 'all' ? EVERY : applications.map((one) => label(one, one.name)).join(',');
  if (environments === 'all') return [`${names}/${EVERY}`];
  if (typeof environments === 'string') return [`${names}/${environments}`];
  const only = applications !== 'all' && applications.length === 1 ? names : null;
  const byApplication = Map.groupBy(environments, ({ applicationName }) => only ?? applicationName ?? '?');
  return [...byApplication].map(([application, list]) => {
    const items = list.map((one) =>
      label(one, one.name !== null && isType(one.name) ? `${NAMED}${one.name}` : one.name),
    );
    return `${application}/${items.join(',')}`;
  });
}

function label({ id, deleted }: { id: string; deleted: boolean }, name: string | null): string {
  return `${name ?? id}${deleted ? ' (deleted)' : ''}`;
}

function isType(name: string): boolean {
  return ENVIRONMENT_TYPES.some((type) => type === name);
}

/** As `--grant` takes it; a grant of several rows becomes several texts. */
export function printGrant({ actions, where }: GrantView): string[] {
  const names = APPLICATION_ACTIONS.every((action) => actions.includes(action))
    ? ALL_ACTIONS
    : actions.join(',');
  return printRegion(where).map((place) => `${names}@${place}`);
}
