// Errors of tasks as they travel: with the delegate's name, and without the text of anything unforeseen, which goes to the
// delegate's own log instead.
import { isAppError } from '@sallyport/core';
import { toWireError } from '@sallyport/protocol';
import type { WireError } from '@sallyport/protocol';
import { faultOf } from '../log/logger.ts';
import type { Logger } from '../log/logger.ts';

const MESSAGE_MAX_CHARACTERS = 4000;

/** Makes the function that words failures of this delegate for server and client. */
export function taskErrors(delegate: { name: string; logger: Logger }): (thrown: unknown) => WireError {
  return (thrown) => {
    if (!isAppError(thrown)) delegate.logger.error(faultOf(thrown), 'unforeseen fault in a task');
    else if (thrown.message !== thrown.publicMessage) {
      // Why exactly, for the operator; whoever asked is not to learn it.
      delegate.logger.warn({ code: thrown.code, cause: thrown.message }, 'refused in a task');
    }
    const wire = toWireError(thrown);
    return {
      ...wire,
      message: wire.message.slice(0, MESSAGE_MAX_CHARACTERS),
      data: { ...wire.data, delegate: delegate.name },
    };
  };
}
