// The route table without its schemas, which are most of what a client would have to load. The forms of answers are then believed; what is
// sealed is checked all the same: of that, the server is not believed.
import type { OperationId } from '@sallyport/protocol';
import type { RouteRow } from '@sallyport/protocol/client';
import rows from '@sallyport/protocol/route-rows' with { type: 'json' };
import type { CallRoute, RouteTable } from './read-answer.ts';

const AS_IT_IS = { safeParse: (json: unknown) => ({ success: true as const, data: json }) };

/** How every operation is called; answers as they come. */
export const UNCHECKED_ROUTES: RouteTable = Object.fromEntries(
  (Object.entries(rows) as unknown as [OperationId, RouteRow][]).map(
    ([operation, [method, path, status, hasBody]]) => {
      const response = hasBody === 1 ? AS_IT_IS : null;
      const route: CallRoute = { method, path, status, response, progress: AS_IT_IS };
      return [operation, route];
    },
  ),
) as Record<OperationId, CallRoute>;
