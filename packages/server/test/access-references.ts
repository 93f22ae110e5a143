// Which secret, secrets manager or place a random reference means to somebody, according to the brute-force model: what the caller may
// not know of is not there.
import { boundsOfSecret, isUsable } from './access-model.ts';
import type { ModelAsker, ModelEnvironment, ModelManager, ModelSecret } from './access-model.ts';
import { existing, SECRET_NAMES } from './access-random.ts';
import type { World } from './access-world.ts';

/** A place as a reference names it. */
export type AskedPlace = { application: string; environment: string };
/** A reference: its text, all secrets that could be meant, and the place, null: none. */
export type AskedSecret = {
  text: string;
  candidates: ModelSecret[];
  place: AskedPlace | null;
  /** By name: that name. */
  name: string | null;
  version: number | null;
};
export type Refused = 'not-found' | 'forbidden' | 'ambiguous-name';

export function isRefused(choice: ModelSecret | Refused): choice is Refused {
  return typeof choice === 'string';
}

/**
 * @param options.liked secrets that are meant more often, for instance those that the asker may see
 * @param options.versions whether it may name one
 */
export function randomReference(
  world: World,
  options: { liked: (one: ModelSecret) => boolean; versions?: boolean; places?: boolean },
): AskedSecret {
  const { random, account } = world;
  const secret = random.pickLiked(account.secrets, options.liked);
  const target = random.weighted(
    [5, () => secret?.name ?? SECRET_NAMES[0] ?? ''],
    [4, () => secret?.id ?? 'absent'],
    [1, () => random.pickOrNull(secret?.aliases ?? []) ?? random.pick(SECRET_NAMES)],
    [1, () => 'sec_01arz3ndektsv4rrffq69g5fav'],
    [1, () => 'no-secret-has-this'],
  );
  const version = options.versions === true && random.chance(0.2) ? random.pick([1, 2, 9]) : null;
  const place = options.places !== false && random.chance(0.5) ? randomPlace(world) : null;
  return referenceTo(world, { target, version, place });
}

/** For references that often mean something. */
export function seenBy(asker: ModelAsker): (one: ModelSecret) => boolean {
  return (one) => asker.seesSecret(boundsOfSecret(one, asker.account));
}

export function referenceTo(
  { account }: World,
  { target, version, place }: { target: string; version: number | null; place: AskedPlace | null },
): AskedSecret {
  const isId = target.startsWith('sec_');
  const candidates = account.secrets.filter(
    (one) =>
      (isId ? one.id === target : [one.name, ...one.aliases].includes(target.toLowerCase())) &&
      (version === null || version <= one.versions.length),
  );
  const before = place === null ? '' : `sally://${place.application}/${place.environment}/`;
  const text = `${before}${target}${version === null ? '' : `@${version}`}`;
  return { text, candidates, place, name: isId ? null : target.toLowerCase(), version };
}

export function randomPlace({ random, account }: World): AskedPlace {
  const environment = random.pickOrNull(account.environments);
  const application = account.applications.find(({ id }) => id === environment?.application);
  if (environment === null || application === undefined || random.chance(0.1))
    return { application: 'no-such-app', environment: 'no-such-env' };
  return {
    application: random.pick([application.id, application.name]),
    environment: random.pick([environment.id, environment.name, random.pick(account.environments).name]),
  };
}

/** null: not there, as far as the asker may know. */
export function findPlace(place: AskedPlace, asker: ModelAsker): ModelEnvironment | null {
  const { account } = asker;
  const application = existing(account.applications).find(({ id, name }) =>
    [id, name].includes(place.application),
  );
  const found = existing(account.environments).find(
    (one) => one.application === application?.id && [one.id, one.name].includes(place.environment),
  );
  return found !== undefined && asker.seesEnvironment(found.id) ? found : null;
}

/** The secret that the asker may know of; null: there is none, as far as they know. */
export function chooseToSee(asked: AskedSecret, asker: ModelAsker): ModelSecret | Refused | null {
  const { account } = asker;
  const place = asked.place === null ? null : findPlace(asked.place, asker);
  if (asked.place !== null && place === null) return 'not-found';
  const visible = asked.candidates.filter((one) => {
    const bounds = boundsOfSecret(one, account);
    return asker.seesSecret(bounds) && (place === null || isUsable(bounds, place.id, account));
  });
  if (visible.length > 1) return 'ambiguous-name';
  return visible[0] ?? null;
}

export function requireSeen(asked: AskedSecret, asker: ModelAsker): ModelSecret | Refused {
  return chooseToSee(asked, asker) ?? 'not-found';
}

export function requireChanged(asked: AskedSecret, asker: ModelAsker): ModelSecret | Refused {
  const found = requireSeen(asked, asker);
  if (isRefused(found)) return found;
  return asker.changesSecret(boundsOfSecret(found, asker.account)) ? found : 'forbidden';
}

/** The secret whose value the asker may have. */
export function chooseToUse(asked: AskedSecret, asker: ModelAsker): ModelSecret | Refused {
  const { account } = asker;
  const place = asked.place === null ? null : findPlace(asked.place, asker);
  if (asked.place !== null && place === null) return 'not-found';
  const usable = asked.candidates.filter((one) =>
    asker.usesSecret(boundsOfSecret(one, account), place?.id ?? null),
  );
  const [only] = usable;
  if (only !== undefined) return usable.length === 1 ? only : 'ambiguous-name';
  const isKnown = asked.candidates.some((one) => asker.seesSecret(boundsOfSecret(one, account)));
  return isKnown ? 'forbidden' : 'not-found';
}

/** A secrets manager by id or name. @param liked those that are meant more often */
export function randomManager(
  { random, account }: World,
  liked: (one: ModelManager) => boolean = () => true,
): { text: string; found: ModelManager | null } {
  const found = random.chance(0.1) ? null : random.pickLiked(account.managers, liked);
  if (found === null) return { text: 'no-such-manager', found };
  return { text: random.pick([found.id, found.name]), found };
}

export function findManager(found: ModelManager | null, asker: ModelAsker): ModelManager | null {
  return found !== null && asker.seesManager(found) ? found : null;
}
