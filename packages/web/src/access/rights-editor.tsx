// Edits rights: account permissions to tick, and grants, each of which says where and what.
import { Button, Checkbox, Group, Input, Stack, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import type { ApplicationAction } from '@sallyport/core';
import type { GroupView } from '@sallyport/protocol';
import { RegionEditor } from '../scope-editor/region-editor.tsx';
import { Icon } from '../ui/icons.tsx';
import { ACTION_WORDS, ACTIONS, PERMISSION_WORDS, PERMISSIONS } from './permission-words.ts';
import { judgeGrant, newGrant } from './rights-draft.ts';
import type { GrantDraft, RightsDraft } from './rights-draft.ts';
import classes from './rights-editor.module.css';

type Props = {
  value: RightsDraft;
  onChange: (rights: RightsDraft) => void;
  /** Grants as the server showed them, so that what was deleted since keeps its name. */
  shown?: GroupView['grants'];
  showComplaints: boolean;
};

export function RightsEditor({ value, onChange, shown = [], showComplaints }: Props): ReactNode {
  const { account, grants } = value;
  const setGrant = (changed: GrantDraft): void =>
    onChange({ ...value, grants: grants.map((grant) => (grant.key === changed.key ? changed : grant)) });
  return (
    <Stack gap="lg">
      <Checkbox.Group
        label="Account permissions"
        description="For the account as a whole."
        value={account}
        onChange={(chosen) =>
          onChange({ ...value, account: PERMISSIONS.filter((permission) => chosen.includes(permission)) })
        }
      >
        <div className={classes.permissions}>
          {PERMISSIONS.map((permission) => {
            const { label, meaning } = PERMISSION_WORDS[permission];
            return <Checkbox key={permission} value={permission} label={label} description={meaning} />;
          })}
        </div>
      </Checkbox.Group>
      <Stack gap="sm" role="group" aria-label="Grants">
        <div>
          <Input.Label component="div">Grants</Input.Label>
          <Text size="xs" c="dimmed">
            What they may do at which applications and environments. Grants add up.
          </Text>
        </div>
        {grants.map((grant, index) => (
          <GrantEditor
            key={grant.key}
            position={index + 1}
            grant={grant}
            shown={shown.flatMap(({ where }) => where)}
            showComplaints={showComplaints}
            onChange={setGrant}
            onRemove={() => onChange({ ...value, grants: grants.filter(({ key }) => key !== grant.key) })}
          />
        ))}
        <div>
          <Button
            variant="default"
            size="compact-sm"
            leftSection={<Icon name="plus" size={14} />}
            onClick={() => onChange({ ...value, grants: [...grants, newGrant(grants)] })}
          >
            Add grant
          </Button>
        </div>
      </Stack>
    </Stack>
  );
}

type GrantProps = {
  position: number;
  grant: GrantDraft;
  shown: GroupView['grants'][number]['where'];
  showComplaints: boolean;
  onChange: (grant: GrantDraft) => void;
  onRemove: () => void;
};

function GrantEditor({ position, grant, shown, showComplaints, onChange, onRemove }: GrantProps): ReactNode {
  const complaint = showComplaints ? judgeGrant(grant) : null;
  const choose = (chosen: string[]): void =>
    onChange({ ...grant, actions: ACTIONS.filter((action) => chosen.includes(action)) });
  return (
    <div className={classes.grant} role="group" aria-label={`Grant ${position}`}>
      <Group justify="space-between">
        <Text size="sm" fw={600}>
          Grant {position}
        </Text>
        <Button
          variant="subtle"
          color="gray"
          size="compact-sm"
          leftSection={<Icon name="trash" size={14} />}
          onClick={onRemove}
        >
          Remove grant {position}
        </Button>
      </Group>
      <RegionEditor
        label="Where"
        rows={grant.where}
        onChange={(where) => onChange({ ...grant, where })}
        shown={shown}
        showComplaints={showComplaints}
      />
      <Checkbox.Group label="Actions" value={grant.actions} onChange={choose} error={complaint}>
        <div className={classes.actions}>
          {ACTIONS.map((action: ApplicationAction) => {
            const { label, meaning } = ACTION_WORDS[action];
            return <Checkbox key={action} value={action} label={label} description={meaning} />;
          })}
        </div>
      </Checkbox.Group>
    </div>
  );
}
