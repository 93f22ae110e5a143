// Limits of one call that clients have to keep as well. Apart from the schemas, so that a client need not load those to know them.

/** Most references in one resolve call. */
export const RESOLVE_MAX_ITEMS = 1000;

/** Most secrets that a place is listed with for reading; whoever has more there names what it needs. */
export const PLACE_MAX_ITEMS = 5000;
/** Largest sealed box of one small message: a value of 1 MiB and its frame, or the answer to many small ones. */
export const SEALED_BOX_MAX_BYTES = 16 * 1_048_576;
/** Longest time for which a secret may be served without the server: 7 days. */
export const AVAILABILITY_MAX_SECONDS = 604_800;
/** Most secrets that one script refers to. */
export const SCRIPT_MAX_SECRETS = 100;
/** Longest script, in bytes of UTF-8, before values are filled in. */
export const SCRIPT_MAX_BYTES = 262_144;
/** How much of a start-up profile's output the server keeps: the last 64 KiB. */
export const PROFILE_OUTPUT_KEPT_BYTES = 65_536;
/** Most start-up profiles of an account. */
export const PROFILES_MAX = 200;
/** How long a script may run unless told otherwise: 10 minutes. */
export const SCRIPT_DEFAULT_SECONDS = 600;
/** The longest time that can be asked for: 6 hours. A delegate's guard file allows as much as it names. */
export const SCRIPT_MAX_SECONDS = 21_600;
