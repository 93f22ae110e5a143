// Public face of the AWS contract suite; needs vitest and the AWS SDK, so it is for tests only.
export { describeAwsContract } from './describe-aws-contract.ts';
export type { AwsContractOptions, ContractCaseId } from './describe-aws-contract.ts';
export type { ContractCredentials, ContractTarget } from './target.ts';
