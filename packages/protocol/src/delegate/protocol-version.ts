// The version of the protocol between server and delegate, one integer with a dated history:
//   1  2026-11-24  first version.
//   2  2026-11-25  tasks `verify-aws-identity` and `sign-checkpoint`.
//   3  2026-11-26  reads through a local endpoint; `progress` of preflights, and what else is known of their stages; tasks
//                  `run-script` and `run-profile`.

/** Both sides name the version they speak; the server refuses what it does not know with `protocol-version-unsupported`. */
export const DELEGATE_PROTOCOL_VERSION = 3;

/** Path of the WebSocket on the server. */
export const DELEGATE_CONNECT_PATH = '/v1/delegate/connect';

/** How often a delegate reports, and after how long without a word either side gives the connection up. */
export const HEARTBEAT = { everySeconds: 10, lostAfterSeconds: 30 } as const;

/** Largest text or binary frame on the socket. */
export const SOCKET_FRAME_MAX_BYTES = 64 * 1_048_576;

/** Stream chunks hold at most this much payload; envelopes and values are cut along it. */
export const STREAM_CHUNK_BYTES = 1_048_576;
/** Chunks that may be under way per direction of a stream before the receiver has granted more. */
export const STREAM_WINDOW_CHUNKS = 4;
