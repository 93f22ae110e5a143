// Which of the three steps of a new installation are done, from what the server says.
import type { DelegateView, SecretsManagerView } from '@sallyport/protocol';

export type StepState = 'unknown' | 'open' | 'done';
export type Step = {
  name: 'delegate' | 'secrets-manager' | 'secret';
  state: StepState;
  /** What is there, or what is missing. */
  fact: string;
};

/** `undefined`: not known yet. */
export type Facts = {
  delegates: readonly Pick<DelegateView, 'name' | 'state'>[] | undefined;
  secretsManagers: readonly Pick<SecretsManagerView, 'name' | 'isDefault'>[] | undefined;
  hasSecret: boolean | undefined;
};

export function stepsOf({ delegates, secretsManagers, hasSecret }: Facts): Step[] {
  return [
    { name: 'delegate', ...delegateStep(delegates) },
    { name: 'secrets-manager', ...managerStep(secretsManagers) },
    { name: 'secret', ...secretStep(hasSecret) },
  ];
}

type Judged = Omit<Step, 'name'>;
const UNKNOWN: Judged = { state: 'unknown', fact: 'Looking …' };

function delegateStep(delegates: Facts['delegates']): Judged {
  if (delegates === undefined) return UNKNOWN;
  const connected = delegates.filter(({ state }) => state === 'connected');
  if (connected.length > 0)
    return { state: 'done', fact: `Connected: ${connected.map(({ name }) => name).join(', ')}` };
  const waiting = delegates.find(({ state }) => state === 'waiting-for-approval');
  if (waiting !== undefined) return { state: 'open', fact: `“${waiting.name}” waits for approval.` };
  return {
    state: 'open',
    fact:
      delegates.length === 0 ? 'No delegate has connected yet.' : 'No delegate is connected at the moment.',
  };
}

function managerStep(managers: Facts['secretsManagers']): Judged {
  if (managers === undefined) return UNKNOWN;
  const [first] = managers;
  if (first === undefined) return { state: 'open', fact: 'There is no secrets manager yet.' };
  const standard = managers.find(({ isDefault }) => isDefault) ?? first;
  return { state: 'done', fact: standard.isDefault ? `Default: ${standard.name}` : standard.name };
}

function secretStep(hasSecret: Facts['hasSecret']): Judged {
  if (hasSecret === undefined) return UNKNOWN;
  return hasSecret
    ? { state: 'done', fact: 'Secrets are stored.' }
    : { state: 'open', fact: 'No secret is stored yet.' };
}
