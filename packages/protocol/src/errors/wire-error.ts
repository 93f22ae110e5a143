// The form of errors as they travel between processes: server to client over HTTP, delegate to server over the socket.
import { z } from 'zod';
import { ERROR_CODES, FAILURE_STAGES, isErrorCode } from '@sallyport/core';
import type { ErrorCode } from '@sallyport/core';

const CODES = Object.keys(ERROR_CODES).filter(isErrorCode);

/** An error on the wire. `data` carries facts such as stage, AWS code and hint; never a value of a secret. */
export const WireError = z
  .strictObject({
    code: z.enum(CODES as [ErrorCode, ...ErrorCode[]]),
    message: z.string().max(4000).describe('What is wrong, for a person.'),
    retryable: z.boolean().describe('Whether the same request may succeed when tried again.'),
    data: z
      .looseObject({
        stage: z.enum(FAILURE_STAGES).optional(),
        awsCode: z.string().optional(),
        requestId: z.string().optional().describe('Request id at AWS.'),
        delegate: z.string().optional(),
        hint: z.string().optional(),
        missingStatement: z.string().optional(),
      })
      .optional(),
  })
  .meta({ id: 'Error' });
export type WireError = z.infer<typeof WireError>;

/** Body of every answer of the HTTP API that is not a success. */
export const ErrorBody = z
  .strictObject({ error: WireError, requestId: z.string() })
  .meta({ id: 'ErrorBody' });
export type ErrorBody = z.infer<typeof ErrorBody>;
