// For how long a secret may be served by a delegate without asking the server. Decided in docs/adr/0018-local-endpoint.md.
import { z } from 'zod';
import { AVAILABILITY_MAX_SECONDS } from './limits.ts';

const Age = z.number().int().min(1).max(AVAILABILITY_MAX_SECONDS);

/** For how long a delegate may serve a secret by itself to a caller whom the server has confirmed before. */
export const AvailabilitySchema = z
  .discriminatedUnion('mode', [
    z.strictObject({ mode: z.literal('fresh') }).describe('Each read asks the server.'),
    z
      .strictObject({ mode: z.literal('stale-ok'), maxAgeSeconds: Age })
      .describe('Served from memory for so long after the last confirmation.'),
    z
      .strictObject({ mode: z.literal('offline'), maxAgeSeconds: Age })
      .describe(
        'As stale-ok, and kept on disk, still wrapped, so that it outlives a restart of the delegate.',
      ),
  ])
  .meta({ id: 'Availability' });
export type Availability = z.infer<typeof AvailabilitySchema>;
