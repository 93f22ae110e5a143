// Operations of the API on start-up profiles and their runs.
import { AppError, isId } from '@sallyport/core';
import type { DelegateProfileId } from '@sallyport/core';
import { LAST_RUNS_MAX } from '@sallyport/protocol';
import type { DelegateProfile, DelegateProfileSummary, ProfileRun } from '@sallyport/protocol';
import { auditEntry } from '../audit/audit-entry.ts';
import { auditScopeOf } from '../http/operation.ts';
import type { Handlers, OperationRequest } from '../http/operation.ts';
import type { Services } from '../services.ts';
import { checkSecrets } from './check-secrets.ts';
import { hashOf, referencesIn } from './profile-script.ts';
import type { DelegateProfileRow, ProfileRunRow } from './profile-store.ts';
import { createProfile, editProfile, findProfile } from './save-profile.ts';

type ProfileOperation =
  | 'listDelegateProfiles'
  | 'createDelegateProfile'
  | 'checkProfileSecrets'
  | 'getDelegateProfile'
  | 'editDelegateProfile'
  | 'deleteDelegateProfile'
  | 'listProfileRuns'
  | 'getProfileRun';

const RUNS_DEFAULT = 100;

export function delegateProfileHandlers(services: Services): Pick<Handlers, ProfileOperation> {
  const { store, startProfiles } = services;
  return {
    listDelegateProfiles: async () =>
      store.read(async ({ delegateProfiles }) => {
        const runs = Map.groupBy(
          await delegateProfiles.runs.latest(LAST_RUNS_MAX),
          ({ row }) => row.profileId,
        );
        const profiles = (await delegateProfiles.list()).map((row) => {
          const latest = runs.get(row.id) ?? [];
          const lastRuns = latest.map((one) => viewRun(one.row, services));
          return { ...summaryOf(row), lastRuns, delegatesRun: latest[0]?.ofAll ?? 0 };
        });
        return { profiles };
      }),
    checkProfileSecrets: async (request) => ({ secrets: await checkSecrets(request, services) }),
    createDelegateProfile: async (request) => {
      const row = await createProfile(request, services);
      startProfiles.considerAll();
      return viewProfile(row);
    },
    getDelegateProfile: async ({ params }) =>
      viewProfile(await store.read(async (tables) => findProfile(tables, params.profile))),
    editDelegateProfile: async (request) => {
      const row = await editProfile(request, services);
      startProfiles.considerAll();
      return viewProfile(row);
    },
    deleteDelegateProfile: async (request) => {
      startProfiles.deleted(await deleteProfile(request, services));
      return null;
    },
    listProfileRuns: async ({ params, query }) =>
      store.read(async (tables) => {
        const { id } = await findProfile(tables, params.profile);
        const filter = { delegate: query.delegate ?? null, limit: query.limit ?? RUNS_DEFAULT };
        const rows = await tables.delegateProfiles.runs.list(id, filter);
        return { runs: rows.map((row) => viewRun(row, services)) };
      }),
    getProfileRun: async ({ params }) =>
      store.read(async (tables) => {
        const { id } = await findProfile(tables, params.profile);
        const found = isId('profileRun', params.run)
          ? await tables.delegateProfiles.runs.find(id, params.run)
          : null;
        if (found === null) throw new AppError('not-found', { publicMessage: 'There is no such run.' });
        const output = Buffer.from(found.output).toString('base64');
        return { ...viewRun(found.row, services), output };
      }),
  };
}

async function deleteProfile(
  request: OperationRequest<'deleteDelegateProfile'>,
  { store, clock }: Pick<Services, 'store' | 'clock'>,
): Promise<DelegateProfileId> {
  const scope = auditScopeOf(request, clock);
  return store.write(async (tables) => {
    const row = await findProfile(tables, request.params.profile);
    await tables.delegateProfiles.remove(row.id);
    const details = { sha256: hashOf(row.script), revision: row.revision };
    const subject = { resource: row.id, resourceName: row.name, details };
    await tables.audit.append([auditEntry(scope, 'delegate-profile.deleted', subject)]);
    return row.id;
  });
}

function viewProfile(row: DelegateProfileRow): DelegateProfile {
  return { ...summaryOf(row), script: row.script };
}

function summaryOf(row: DelegateProfileRow): DelegateProfileSummary {
  const { id, name, script, selectors, maxSeconds, revision, savedBy, createdAtMs, updatedAtMs } = row;
  return {
    id,
    name,
    sha256: hashOf(script),
    secrets: [...referencesIn(script)],
    selectors: [...selectors],
    maxSeconds,
    revision,
    savedBy: savedBy.name,
    createdAtMs,
    updatedAtMs,
  };
}

/** A run that nobody follows any more, since the server was stopped meanwhile, is none that goes on. */
function viewRun(
  { profileId: _profileId, ...run }: ProfileRunRow,
  { startProfiles }: Pick<Services, 'startProfiles'>,
): ProfileRun {
  if (run.state !== 'running' || startProfiles.follows(run.id)) return run;
  return { ...run, state: 'interrupted', error: { code: 'delegate-lost', message: NOBODY_FOLLOWED } };
}

/** What is said of a run whose end this server has not seen. */
const NOBODY_FOLLOWED = 'The server was stopped while it ran.';
