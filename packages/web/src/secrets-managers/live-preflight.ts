// A test that is under way, put together from what is told of it: delegate by delegate, step by step; and the sentence that a screen reader
// says of the last news.
import type { DelegatePreflight, PreflightEvent, PreflightStep } from '@sallyport/protocol';

export type LiveDelegate = {
  delegateId: string;
  delegateName: string;
  steps: readonly PreflightStep[];
  /** How long there has been no word of it; 0: not worth a mention. */
  silentSeconds: number;
  /** What came of it; null: it is still trying. */
  finished: DelegatePreflight | null;
};

export type LivePreflight = {
  /** null: it is not known yet who is asked. */
  delegates: readonly LiveDelegate[] | null;
  news: string;
};

/** Before anything is told. */
export const BEGINNING: LivePreflight = { delegates: null, news: 'The test begins.' };

/** What is known after an event; events of a kind that this page does not know change nothing. */
export function withEvent(live: LivePreflight, event: PreflightEvent): LivePreflight {
  switch (event.is) {
    case 'asked': {
      const delegates = event.delegates.map((one) => ({
        ...one,
        steps: [],
        silentSeconds: 0,
        finished: null,
      }));
      return { delegates, news: `Testing on ${event.delegates.map((one) => one.delegateName).join(', ')}.` };
    }
    case 'steps':
      return changed(live, event.delegateId, (one) => ({
        delegate: { ...one, steps: withSteps(one.steps, event.steps), silentSeconds: 0 },
        news: newsOfSteps(one.delegateName, event.steps),
      }));
    case 'silent':
      return changed(live, event.delegateId, (one) => ({
        delegate: { ...one, silentSeconds: event.seconds },
        news: `${one.delegateName}: ${saySilence(event.seconds)}.`,
      }));
    case 'finished':
      return changed(live, event.delegate.delegateId, (one) => ({
        delegate: { ...one, silentSeconds: 0, finished: event.delegate },
        news: `${one.delegateName} has ${event.delegate.report?.ok === true ? 'passed' : 'failed'}.`,
      }));
    default:
      return live;
  }
}

/** Words for a delegate that is slow. */
export function saySilence(seconds: number): string {
  return `no word for ${seconds} seconds`;
}

/** The steps as they are shown. Of a delegate that never reported, what it was at has failed and the rest will not be tried. */
export function stepsOf({ steps, finished }: LiveDelegate): readonly PreflightStep[] {
  if (finished === null) return steps;
  if (finished.report !== null) return finished.report.stages;
  return steps.map((step) =>
    step.outcome === 'running'
      ? { ...step, outcome: 'failed' }
      : step.outcome === 'waiting'
        ? { ...step, outcome: 'skipped' }
        : step,
  );
}

function changed(
  live: LivePreflight,
  delegateId: string,
  change: (one: LiveDelegate) => { delegate: LiveDelegate; news: string | null },
): LivePreflight {
  let news: string | null = null;
  const delegates = (live.delegates ?? []).map((one) => {
    if (one.delegateId !== delegateId) return one;
    const after = change(one);
    news = after.news;
    return after.delegate;
  });
  return { delegates, news: news ?? live.news };
}

/** In the order in which they were first told of; the last word on an action counts. */
function withSteps(
  known: readonly PreflightStep[],
  told: readonly PreflightStep[],
): readonly PreflightStep[] {
  const byAction = new Map(known.map((step) => [step.action, step]));
  for (const step of told) byAction.set(step.action, step);
  return [...byAction.values()];
}

/** null: nothing has come to an end, so that nobody is interrupted for it. */
function newsOfSteps(delegateName: string, steps: readonly PreflightStep[]): string | null {
  const ended = steps.findLast(({ outcome }) => outcome === 'passed' || outcome === 'failed');
  return ended === undefined ? null : `${delegateName}: ${ended.action} ${ended.outcome}.`;
}
