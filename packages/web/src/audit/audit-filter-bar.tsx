// The fields of the filter. What is typed counts when it is applied, by button or Enter.
import { Button, MultiSelect, TextInput } from '@mantine/core';
import { useDeferredValue, useState } from 'react';
import type { ReactNode, SubmitEvent } from 'react';
import { AUDIT_ACTIONS } from '@sallyport/protocol/audit-actions';
import { Panel } from '../ui/page.tsx';
import { fieldTimeOf, timeInField, withFields } from './audit-filter.ts';
import type { AuditFilter } from './audit-filter.ts';
import classes from './audit-filter-bar.module.css';
import { sayAction, topicOf } from './audit-words.ts';

type Fields = Parameters<typeof withFields>[1];
type Props = { filter: AuditFilter; onChange: (filter: AuditFilter) => void };

const ACTIONS = [...Map.groupBy(AUDIT_ACTIONS, topicOf)].map(([topic, names]) => ({
  group: sayAction(topic),
  items: names.map((name) => ({ value: name, label: sayAction(name) })),
}));

const FIRST_GROUPS = 2;

/** The first groups whole, and of the others what is chosen. */
function firstOf(chosen: readonly string[]): typeof ACTIONS {
  return ACTIONS.map(({ group, items }, index) => ({
    group,
    items: index < FIRST_GROUPS ? items : items.filter(({ value }) => chosen.includes(value)),
  })).filter(({ items }) => items.length > 0);
}

const TEXTS = [
  { name: 'principal', label: 'Who', placeholder: 'Name or id' },
  { name: 'resource', label: 'To what', placeholder: 'Id, e.g. sec_…' },
  { name: 'application', label: 'Application', placeholder: 'Name or id' },
  { name: 'environment', label: 'Environment', placeholder: 'Name or id' },
] as const;

export function AuditFilterBar({ filter, onChange }: Props): ReactNode {
  const [draft, setDraft] = useState(filter);
  const [isChoosing, setChoosing] = useState(false);
  // On a narrow screen only: there the fields would push the records out of sight.
  const [isOpen, setOpen] = useState(false);
  const chosen = draft.actions?.split(',') ?? [];
  // A hundred and more: those that are seen first are there at once, the others follow.
  const actions = useDeferredValue(isChoosing ? ACTIONS : null) ?? firstOf(chosen);
  const set = (fields: Fields): void => setDraft(withFields(draft, fields));
  const needsApplication =
    draft.environment !== undefined &&
    draft.application === undefined &&
    !draft.environment.startsWith('env_');
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    if (!needsApplication) onChange(withFields(draft, { live: filter.live }));
  };
  return (
    <Panel>
      <form
        onSubmit={submit}
        role="search"
        aria-label="Filter records"
        className={classes.fields}
        data-open={isOpen}
      >
        <Button
          variant="default"
          aria-expanded={isOpen}
          onClick={() => setOpen(!isOpen)}
          className={classes.toggle}
        >
          {isOpen ? 'Hide filters' : 'Show filters'}
        </Button>
        {(['from', 'until'] as const).map((name) => (
          <TextInput
            key={name}
            type="datetime-local"
            label={name === 'from' ? 'From' : 'Until'}
            max="9999-12-31T23:59"
            value={fieldTimeOf(draft[name])}
            onChange={(event) => set({ [name]: timeInField(event.currentTarget.value) })}
          />
        ))}
        <MultiSelect
          label="Action"
          placeholder={draft.actions === undefined ? 'Any' : undefined}
          searchable
          data={actions}
          value={chosen}
          onChange={(now) => set({ actions: now.join(',') })}
          onDropdownOpen={() => setChoosing(true)}
          onDropdownClose={() => setChoosing(false)}
          nothingFoundMessage="No such action."
          className={classes.wide}
        />
        <TextFields draft={draft} set={set} needsApplication={needsApplication} />
        <Button type="submit" variant="default" className={classes.apply}>
          Apply
        </Button>
      </form>
    </Panel>
  );
}

function TextFields(props: {
  draft: AuditFilter;
  set: (fields: Fields) => void;
  needsApplication: boolean;
}): ReactNode {
  const { draft, set, needsApplication } = props;
  return TEXTS.map(({ name, label, placeholder }) => (
    <TextInput
      key={name}
      label={label}
      placeholder={placeholder}
      maxLength={300}
      autoComplete="off"
      spellCheck={false}
      value={draft[name] ?? ''}
      onChange={(event) => set({ [name]: event.currentTarget.value })}
      error={name === 'environment' && needsApplication ? 'By name it takes an application, too.' : null}
    />
  ));
}
