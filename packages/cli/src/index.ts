// Public face of @sallyport/cli for tests and documentation; people use the `sallyport` command.
export { COMMANDS } from './commands/index.ts';
export { ENVIRONMENT_VARIABLES } from './config/environment.ts';
export { EXIT_CODE_OF, EXIT_CODES } from './output/exit-codes.ts';
