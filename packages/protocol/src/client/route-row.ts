// One row of route-rows.json.
import type { HttpMethod } from '../api/route.ts';

/** Method, path, status of success, and whether the answer has a JSON body. */
export type RouteRow = readonly [HttpMethod, string, 200 | 201 | 204, 0 | 1];
