// The baseline of the API benchmarks, in a process of its own: node:http that reads the body and answers prepared bytes.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { servePart } from '../test/harness/child-process.ts';

let answer = Buffer.from('{}');
const server = createServer((request, response) => {
  request.resume();
  request.on('end', () => {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': answer.length });
    response.end(answer);
  });
});
server.listen(0, '127.0.0.1', () => {
  const ready = { port: (server.address() as AddressInfo).port };
  servePart(ready, {
    answerWith: (text: string) => {
      answer = Buffer.from(text);
    },
    cpu: () => process.cpuUsage(),
  });
});
process.on('SIGTERM', () => process.exit(0));
