// Which HTTP layer? The same resolve-shaped route (JSON body of about 1 KiB, schema check, JSON answer of about 1 KiB) on bare
// node:http, Hono and Fastify, in turn, several rounds in one run. Result and decision: docs/adr/0003-http-layer.md.
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { serve } from '@hono/node-server';
import { ID_RANDOM_BYTES, makeId } from '@sallyport/core';
import { ResolveSecrets } from '@sallyport/protocol';
import Fastify from 'fastify';
import { Hono } from 'hono';
import { runLoad } from './load.ts';

const ROUNDS = 5;
const DURATION_MS = 1500;
const id = { nowMs: Date.now(), random: randomBytes(ID_RANDOM_BYTES) };
const body = JSON.stringify({
  requestId: makeId('request', id),
  delegateId: makeId('delegate', id),
  items: ['db-password'],
  sealed: {
    session: randomBytes(16).toString('base64url'),
    enc: null,
    counter: 7,
    box: randomBytes(600).toString('base64url'),
  },
});
const answer = { answer: randomBytes(700).toString('base64url'), unresolved: [] };

async function startBare(): Promise<Server> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      ResolveSecrets.parse(JSON.parse(Buffer.concat(chunks).toString()));
      const text = JSON.stringify(answer);
      response.writeHead(200, {
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(text),
      });
      response.end(text);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

async function startHono(): Promise<Server> {
  const app = new Hono();
  app.post('/v1/secrets/resolve', async (context) => {
    ResolveSecrets.parse(await context.req.json());
    return context.json(answer);
  });
  const server = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }) as Server;
  await once(server, 'listening');
  return server;
}

async function startFastify(): Promise<Server> {
  const app = Fastify({ logger: false });
  app.post('/v1/secrets/resolve', (request, reply) => {
    ResolveSecrets.parse(request.body);
    reply.send(answer);
  });
  await app.listen({ port: 0, host: '127.0.0.1' });
  return app.server;
}

const servers = { bare: await startBare(), hono: await startHono(), fastify: await startFastify() };
const results = new Map<string, number[]>(Object.keys(servers).map((name) => [name, []]));
for (let round = 0; round < ROUNDS; round++) {
  for (const [name, server] of Object.entries(servers)) {
    const { port } = server.address() as AddressInfo;
    const load = {
      port,
      connections: 64,
      durationMs: DURATION_MS,
      path: '/v1/secrets/resolve',
      headers: {},
      bodies: [body],
    };
    const result = await runLoad(load);
    if (result.failures > 0) throw new Error(`${name}: ${result.failures} failures`);
    results.get(name)?.push(result.perSecond);
  }
}
const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
const baseline = median(results.get('bare') ?? []);
for (const [name, rates] of results) {
  console.log(
    `${name.padEnd(8)} ${Math.round(median(rates))}/s, ${(median(rates) / baseline).toFixed(2)} of bare node:http`,
  );
}
for (const server of Object.values(servers)) server.close();
