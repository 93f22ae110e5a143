// One guarantee of the AWS contract. Cases are data, so that an implementation's skips can name them.
import type { ContractFixture } from './target.ts';

export type ContractCase<Id extends string = string> = {
  /** Stable name, used in skips. */
  id: Id;
  /** The guarantee, as a test's name. */
  guarantee: string;
  run: (fixture: ContractFixture) => Promise<void>;
};
