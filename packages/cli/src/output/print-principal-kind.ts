// What people call the kinds of those who act.
import type { WhoAmI } from '@sallyport/protocol';

const WORDS: Readonly<Record<WhoAmI['kind'], string>> = {
  user: 'user',
  'api-key': 'API key',
  workload: 'workload',
};

export function printPrincipalKind(kind: WhoAmI['kind']): string {
  return WORDS[kind];
}
