// All areas, in the order of the navigation. Adding one: a folder with an area.ts, a line here, and its routes in router.tsx.
import { access } from '../access/area.ts';
import { account } from '../account/area.ts';
import { applications } from '../applications/area.ts';
import { audit } from '../audit/area.ts';
import { delegates } from '../delegates/area.ts';
import { firstSteps } from '../first-steps/area.ts';
import { secrets } from '../secrets/area.ts';
import { secretsManagers } from '../secrets-managers/area.ts';
import { startProfiles } from '../start-profiles/area.ts';
import type { NavigationItem } from './area.ts';

export const NAVIGATION: readonly NavigationItem[] = [
  ...firstSteps.navigation,
  ...secrets.navigation,
  ...secretsManagers.navigation,
  ...delegates.navigation,
  ...startProfiles.navigation,
  ...applications.navigation,
  ...access.navigation,
  ...audit.navigation,
  ...account.navigation,
];
