// Takes OTLP/HTTP with JSON, as the chassis sends it, and tells which spans came.
import { createServer } from 'node:http';
import process from 'node:process';
import { json } from 'node:stream/consumers';

const spans = [];

function note({ resourceSpans = [] }) {
  for (const { resource, scopeSpans = [] } of resourceSpans) {
    const { 'service.name': service } = read(resource.attributes);
    for (const { traceId, name, attributes } of scopeSpans.flatMap((scope) => scope.spans ?? [])) {
      spans.push({ service, traceId, name, attributes: read(attributes) });
    }
  }
}

function read(attributes = []) {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]));
}

createServer((request, response) => {
  const answer = (body) => {
    response.setHeader('content-type', 'application/json').end(JSON.stringify(body));
  };
  if (request.method === 'GET') return answer(spans);
  json(request).then(
    (body) => {
      note(body);
      answer({});
    },
    () => {
      response.statusCode = 400;
      answer({});
    },
  );
}).listen(4318);

process.on('SIGTERM', () => process.exit(0));
