// Public face of @sallyport/protocol for clients: what calling, sealing for and checking answers take, without a schema library. The types
// come from the schemas all the same, and tests hold this against them.
export { decodeContent, encodeContent } from '../sealing/content.ts';
export { encodeHttpFrame, HTTP_FRAMES_TYPE, readHttpFrames } from '../api/http-frames.ts';
export { FRESH, isSameAvailability, parseAvailability, printAvailability } from '../api/availability-text.ts';
export { sayDelegateHealth, sayHealth, sayHealthLatency } from '../api/health-text.ts';
export {
  AVAILABILITY_MAX_SECONDS,
  RESOLVE_MAX_ITEMS,
  SCRIPT_MAX_BYTES,
  SCRIPT_MAX_SECONDS,
} from '../api/limits.ts';
export { PROGRESS_LINE_MAX_BYTES, PROGRESS_TYPE } from '../api/progress.ts';
export { PURPOSE_HEADER } from '../api/route.ts';
export { STREAM_CHUNK_BYTES } from '../delegate/protocol-version.ts';
export { fromWireError, readErrorBody } from '../errors/convert-error.ts';
export { readSealedScriptEvent } from './read-script-event.ts';
export { readSealedReadAnswer, readSealedWriteAnswer } from './read-sealed-answer.ts';
export type { RouteRow } from './route-row.ts';
