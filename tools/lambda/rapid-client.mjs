/**
 * In place of the native addon of AWS's runtime for Node, which needs cmake, a C++ compiler and minutes to build: the
 * three calls of Lambda's API for runtimes that the addon makes, with the same signatures.
 * https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
 */
import { Buffer } from 'node:buffer';
import { Agent, request } from 'node:http';
import process from 'node:process';

const [hostname, port] = process.env.AWS_LAMBDA_RUNTIME_API.split(':');
const agent = new Agent({ keepAlive: true });

/** The runtime does not wait for its answers. The API takes them only before the next event is asked for. */
let answered = Promise.resolve();

/** Waits for an event. @returns `{ bodyJson, headers }` */
export async function next() {
  await answered;
  return call('GET', 'next');
}

/** @param {string} id @param {string} body JSON */
export function done(id, body) {
  answered = call('POST', `${id}/response`, body);
}

/** @param {string} id @param {string} body JSON @param {string} cause for X-Ray */
export function error(id, body, cause) {
  const { errorType } = JSON.parse(body);
  answered = call('POST', `${id}/error`, body, {
    'lambda-runtime-function-error-type': errorType,
    'lambda-runtime-function-xray-error-cause': cause,
  });
}

function call(method, path, body = '', headers = {}) {
  return new Promise((resolve, reject) => {
    const options = {
      ...{ hostname, port, agent, method, path: `/2018-06-01/runtime/invocation/${path}` },
      headers: {
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(body),
        ...headers,
      },
    };
    const sent = request(options, (answer) => {
      let bodyJson = '';
      answer
        .setEncoding('utf8')
        .on('data', (text) => (bodyJson += text))
        .on('error', reject)
        .on('end', () => {
          const { statusCode } = answer;
          if (statusCode < 300) resolve({ bodyJson, headers: answer.headers });
          else reject(new Error(`${method} ${path}: ${statusCode} ${bodyJson}`));
        });
    });
    sent.on('error', reject).end(body);
  });
}
