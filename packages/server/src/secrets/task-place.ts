// Where a secret is to be used, in the words of the delegate protocol.
import type { TaskPlace } from '@sallyport/protocol';
import type { FoundPlace } from '../applications/account-catalogue.ts';

export function placeInTask(place: FoundPlace | null): TaskPlace | null {
  if (place === null) return null;
  const { application, environment, environmentType } = place;
  return { application, environment: { ...environment, type: environmentType } };
}
