// What the last test of a secrets manager found, in one line for lists and for `doctor`, and delegate by delegate.
import type { ManagerHealth } from '@sallyport/protocol';
import { sayDelegateHealth, sayHealth, sayHealthLatency } from '@sallyport/protocol/client';
import { printableAge } from './printable.ts';

/** E.g. `Healthy on vpc-1, 84 ms, 5 minutes ago`. */
export function healthLine(health: ManagerHealth): string {
  const { atMs } = health;
  return [sayHealth(health), sayHealthLatency(health), atMs === null ? null : printableAge(atMs)]
    .filter((part) => part !== null)
    .join(', ');
}

/** For each delegate its name and e.g. `works, 84 ms, 5 minutes ago`. */
export function healthByDelegate({ delegates }: ManagerHealth): [name: string, found: string][] {
  return delegates.map((one) => [one.delegateName, `${sayDelegateHealth(one)}, ${printableAge(one.atMs)}`]);
}
