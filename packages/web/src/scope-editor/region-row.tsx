// One row of a region: which applications, and which of their environments.
import { NativeSelect, Skeleton } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { lazy, Suspense, useState } from 'react';
import type { ReactNode } from 'react';
import type { RegionView } from '@sallyport/protocol';
import { IconButton } from '../ui/icon-button.tsx';
import { judgeRow, withApplications } from './region-draft.ts';
import type { DraftRow } from './region-draft.ts';
import classes from './region-editor.module.css';
import { usePlaces } from './use-places.ts';
import type { Places } from './use-places.ts';

const SEARCH_REST_MS = 200;

// Most rows are “all” or of one type: the list of many is loaded when somebody chooses from it.
const PlaceChoice = lazy(async () => ({ default: (await import('./place-choice.tsx')).PlaceChoice }));

type Props = {
  /** Counted from 1, for the names of its fields. */
  position: number;
  row: DraftRow;
  onChange: (row: DraftRow) => void;
  onRemove: () => void;
  shown: RegionView;
  showComplaints: boolean;
};

export function RegionRow({ onRemove, shown, ...props }: Props): ReactNode {
  const { position, row } = props;
  const [search, setSearch] = useState('');
  const [rested] = useDebouncedValue(search, SEARCH_REST_MS);
  const { applications, environments } = row;
  const places = usePlaces({
    search: rested.trim(),
    applicationIds: applications === 'all' ? [] : applications,
    environmentIds: typeof environments === 'string' ? [] : environments,
    shown,
  });
  return (
    <div className={classes.row} role="group" aria-label={`Row ${position}`}>
      <ApplicationsPart {...props} places={places} onSearch={setSearch} />
      <EnvironmentsPart {...props} places={places} />
      <IconButton
        icon="trash"
        label={`Remove row ${position}`}
        isLarge
        className={classes.remove}
        title="Remove row"
        onClick={onRemove}
      />
    </div>
  );
}

type PartProps = Omit<Props, 'onRemove' | 'shown'> & { places: Places };

function ApplicationsPart({
  onSearch,
  ...props
}: PartProps & { onSearch: (text: string) => void }): ReactNode {
  const { position, row, onChange, places, showComplaints } = props;
  const [wasLeft, setLeft] = useState(false);
  const { applications } = row;
  const complaint = showComplaints || wasLeft ? judgeRow(row).applications : null;
  const choose = (chosen: DraftRow['applications']): void =>
    onChange(withApplications(row, chosen, places.applicationOf));
  return (
    <div className={classes.part}>
      <NativeSelect
        label="Applications"
        value={applications === 'all' ? 'all' : 'chosen'}
        onChange={(event) => choose(event.currentTarget.value === 'all' ? 'all' : [])}
        data={[
          { value: 'all', label: 'All applications' },
          { value: 'chosen', label: 'Chosen applications' },
        ]}
      />
      {applications !== 'all' && (
        <Suspense fallback={<Skeleton height={36} mt={6} />}>
          <PlaceChoice
            label={`Applications of row ${position}`}
            placeholder="Search applications"
            options={places.applications}
            value={applications}
            onChange={choose}
            onSearch={onSearch}
            onLeave={() => setLeft(true)}
            error={places.error === null ? complaint : 'Applications could not be loaded.'}
            nothing={places.isLoading ? 'Loading …' : 'No application has this in its name.'}
          />
        </Suspense>
      )}
    </div>
  );
}

function EnvironmentsPart({ position, row, onChange, places, showComplaints }: PartProps): ReactNode {
  const [wasLeft, setLeft] = useState(false);
  const { applications, environments } = row;
  return (
    <div className={classes.part}>
      <NativeSelect
        label="Environments"
        value={typeof environments === 'string' ? environments : 'chosen'}
        onChange={(event) => onChange({ ...row, environments: environmentsOf(event.currentTarget.value) })}
        data={[
          { value: 'all', label: 'All environments' },
          { value: 'production', label: 'Production' },
          { value: 'non-production', label: 'Non-production' },
          // One environment belongs to one application, so that has to be chosen first.
          { value: 'chosen', label: 'Chosen environments', disabled: applications === 'all' },
        ]}
      />
      {typeof environments !== 'string' && (
        <Suspense fallback={<Skeleton height={36} mt={6} />}>
          <PlaceChoice
            label={`Environments of row ${position}`}
            placeholder="Search environments"
            options={places.environments}
            value={environments}
            onChange={(chosen) => onChange({ ...row, environments: chosen })}
            onLeave={() => setLeft(true)}
            error={showComplaints || wasLeft ? judgeRow(row).environments : null}
            nothing={
              applications.length === 0
                ? 'Choose applications first.'
                : 'No such environment in these applications.'
            }
          />
        </Suspense>
      )}
    </div>
  );
}

function environmentsOf(choice: string): DraftRow['environments'] {
  return choice === 'all' || choice === 'production' || choice === 'non-production' ? choice : [];
}
