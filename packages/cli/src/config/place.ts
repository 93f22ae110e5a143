// Where a secret is to be used: application and environment from flags, environment variables or the project's file, put in front of
// what was typed. An address that was typed whole says it all.
import { parseSecretReference, printSecretReference } from '@sallyport/core';
import type { PlaceReference } from '@sallyport/core';
import type { Invocation } from '../command-line/command.ts';
import { usageError } from '../command-line/usage-error.ts';
import { findProjectFile } from './config-files.ts';

type Sources = Pick<Invocation, 'flags' | 'environment' | 'folder'>;

/** null: none is given anywhere. @throws {invalid-request} when only one half of it is */
export function readPlace({ flags, environment, folder }: Sources): PlaceReference | null {
  const flag = { application: flags.text('app'), environment: flags.text('env') };
  const variable = {
    application: environment.read('SALLYPORT_APP'),
    environment: environment.read('SALLYPORT_ENV'),
  };
  const isOpen = (flag.application ?? variable.application) === null;
  const project =
    isOpen || (flag.environment ?? variable.environment) === null ? findProjectFile(folder) : null;
  const application = flag.application ?? variable.application ?? project?.application ?? null;
  const environmentName = flag.environment ?? variable.environment ?? project?.environment ?? null;
  if (application !== null && environmentName !== null) return { application, environment: environmentName };
  // A default for one half alone, e.g. the application of a project, waits for the other.
  const isAsked = Object.values({ ...flag }).some((text) => text !== null);
  if (!isAsked) return null;
  throw usageError(
    application === null ? '--env is given, but no application.' : '--app is given, but no environment.',
    'Give --app and --env, SALLYPORT_APP and SALLYPORT_ENV, or both in .sallyport.json.',
  );
}

/** What was typed, as a reference that says where it is used if anything does. @throws {invalid-name} {invalid-request} */
export function placedReference(text: string, sources: Sources): string {
  const reference = parseSecretReference(text);
  if (reference.place !== null) return text;
  const place = readPlace(sources);
  return place === null ? text : printSecretReference({ ...reference, place });
}
