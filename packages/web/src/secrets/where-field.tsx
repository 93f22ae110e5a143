// Where a new secret may be used: mostly in one environment of one application, else by a usage scope.
import { Radio, Stack } from '@mantine/core';
import type { ReactNode } from 'react';
import { RegionEditor } from '../scope-editor/region-editor.tsx';
import { ScopePreview } from '../scope-editor/scope-preview.tsx';
import { PlacePicker } from './place-picker.tsx';
import type { Where } from './where.ts';
import { isWhereComplete, placeComplaints, scopeOfWhere } from './where.ts';

type Props = {
  value: Where;
  onChange: (where: Where) => void;
  /** Id of the secrets manager; null: the default one. */
  secretsManager: string | null;
  showComplaints: boolean;
};

export function WhereField({ value, onChange, secretsManager, showComplaints }: Props): ReactNode {
  const { kind, place, rows } = value;
  const scope = scopeOfWhere(value);
  return (
    <Stack gap="sm">
      <Radio.Group
        label="Where it may be used"
        value={kind}
        onChange={(chosen) => onChange({ ...value, kind: chosen })}
      >
        <Stack gap="xs" mt="xs">
          <Radio value="place" label="In one environment of an application" />
          <Radio
            value="inherit"
            label="As its secrets manager"
            description="Wherever the secrets manager may be used, whatever that is at the time."
          />
          <Radio value="rows" label="In several applications and environments" />
          <Radio
            value="account"
            label="Account only"
            description="In no application; for the account as a whole, such as scripts on delegates."
          />
        </Stack>
      </Radio.Group>
      {kind === 'place' && (
        <PlacePicker
          value={place}
          onChange={(chosen) => onChange({ ...value, place: chosen })}
          errors={showComplaints ? placeComplaints(place) : { application: null, environment: null }}
        />
      )}
      {kind === 'rows' && (
        <RegionEditor
          label="Where"
          rows={rows}
          onChange={(changed) => onChange({ ...value, rows: changed })}
          showComplaints={showComplaints}
          nowhere="No rows: it can be used nowhere."
        />
      )}
      {scope !== null && (
        <ScopePreview scope={scope} isComplete={isWhereComplete(value)} secretsManager={secretsManager} />
      )}
    </Stack>
  );
}
