// Rights while somebody edits them: of a user group, or what an API key is restricted to.
import type { AccountPermission, ApplicationAction } from '@sallyport/core';
import type { CallInput } from '@sallyport/sdk/browser';
import type { GroupView } from '@sallyport/protocol';
import { draftOf, EVERYWHERE_ROW, isComplete } from '../scope-editor/region-draft.ts';
import type { DraftRow } from '../scope-editor/region-draft.ts';

export type GrantDraft = { key: number; where: DraftRow[]; actions: ApplicationAction[] };
export type RightsDraft = { account: AccountPermission[]; grants: GrantDraft[] };

export const NO_RIGHTS: RightsDraft = { account: [], grants: [] };

/** A grant to begin with. */
export function newGrant(grants: readonly GrantDraft[]): GrantDraft {
  const key = Math.max(0, ...grants.map((grant) => grant.key)) + 1;
  return { key, where: [EVERYWHERE_ROW], actions: ['read'] };
}

/** Rights to edit, of rights as the server showed them. */
export function rightsDraftOf({ account, grants }: Pick<GroupView, 'account' | 'grants'>): RightsDraft {
  return {
    account: [...account],
    grants: grants.map(({ where, actions }, index) => ({
      key: index + 1,
      where: draftOf(where),
      actions: [...actions],
    })),
  };
}

/** What to send for a draft. */
export function rightsInputOf({
  account,
  grants,
}: RightsDraft): Required<Pick<CallInput<'createGroup'>['body'], 'account' | 'grants'>> {
  return { account, grants: grants.map(({ where, actions }) => ({ where, actions })) };
}

/** What keeps a grant from being sent; null: nothing. */
export function judgeGrant({ where, actions }: GrantDraft): string | null {
  if (actions.length === 0) return 'Choose at least one action.';
  if (where.length === 0) return 'Say where: add a row.';
  return isComplete(where) ? null : 'Finish its rows.';
}

/** Whether the draft can be sent. */
export function areRightsComplete({ grants }: RightsDraft): boolean {
  return grants.every((grant) => judgeGrant(grant) === null);
}
