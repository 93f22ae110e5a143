// Executes `resolve`: opens any number of envelopes and returns their values in one sealed answer. An item that fails does not
// fail the others; what differs from the sealed request fails all of them.
import { AppError } from '@sallyport/core';
import { SEALED_BOX_MAX_BYTES } from '@sallyport/protocol';
import type { SealedReadEntry, TaskOf, TaskResultOf, WireError } from '@sallyport/protocol';
import { encodeContent } from '@sallyport/protocol/sealing';
import { mapBounded } from './bounded-parallel.ts';
import { requireSameItems } from './compare-request.ts';
import { openItem } from './open-item.ts';
import type { ItemToOpen } from './open-item.ts';
import { readReadContent } from './read-sealed.ts';
import type { TaskRun } from './task-services.ts';

/** Items worked on at a time; more than this many calls to the key service would be under way otherwise. */
const PARALLEL_ITEMS = 16;
/** Bytes of all values in one answer; the rest of the box is for its header. */
const ANSWER_VALUES_MAX_BYTES = SEALED_BOX_MAX_BYTES - 1_048_576;

type Outcome = { item: ItemToOpen } & ({ value: Buffer } | { error: WireError });

/**
 * @throws {session-unknown} {sealed-message-rejected} for the request as a whole; failures of single items are in the answer
 */
export async function executeResolve(
  task: TaskOf<'resolve'>,
  run: TaskRun,
): Promise<TaskResultOf<'resolve'>> {
  const { sessions } = run.services;
  const opened = sessions.openRequest({ requestId: task.requestId, operation: 'resolve' }, task.sealed);
  requireSameItems(readReadContent(opened.content), {
    answered: task.items.map((item) => item.reference),
    unresolved: task.unresolved,
  });
  const budget = { leftBytes: ANSWER_VALUES_MAX_BYTES };
  const outcomes = await mapBounded(task.items, PARALLEL_ITEMS, (item) => resolveItem(item, { run, budget }));
  const values = outcomes.flatMap((outcome) => ('value' in outcome ? [outcome.value] : []));
  try {
    run.signal.throwIfAborted();
    const content = encodeContent({ entries: outcomes.map(entryOf) }, values);
    const answer = opened.sealAnswer(content);
    content.fill(0);
    return { kind: 'resolve', answer, failures: outcomes.flatMap(failureOf) };
  } finally {
    for (const value of values) value.fill(0);
  }
}

async function resolveItem(
  item: ItemToOpen,
  { run, budget }: { run: TaskRun; budget: { leftBytes: number } },
): Promise<Outcome> {
  try {
    const value = await openItem(item, run);
    if (value.length > budget.leftBytes) {
      value.fill(0);
      throw tooLargeForAnswer();
    }
    budget.leftBytes -= value.length;
    return { item, value };
  } catch (thrown) {
    // Out of time or cancelled: that is the task's failure, not the item's.
    run.signal.throwIfAborted();
    return { item, error: run.services.toError(thrown) };
  }
}

function entryOf(outcome: Outcome): SealedReadEntry {
  const { reference, secretId, name, version, kind } = outcome.item;
  return 'value' in outcome
    ? { outcome: 'value', reference, secretId, name, version, kind }
    : { outcome: 'failed', reference, error: outcome.error };
}

function failureOf(outcome: Outcome): TaskResultOf<'resolve'>['failures'] {
  return 'error' in outcome ? [{ reference: outcome.item.reference, error: outcome.error }] : [];
}

function tooLargeForAnswer(): AppError {
  return new AppError('value-too-large', {
    publicMessage: 'The values asked for together do not fit into one answer.',
    data: { hint: 'Read fewer secrets in one call, or this one alone as a file.' },
  });
}
