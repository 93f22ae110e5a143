// Public face of @sallyport/testkit for tests: helpers that start other implementations of AWS. The lab itself has a face of its own,
// `@sallyport/testkit/lab`, which needs no development dependency; the AWS contract suite is imported by this package's tests only.
export { startMoto, whyNoMoto } from './moto/start-moto.ts';
export type { Moto } from './moto/start-moto.ts';
