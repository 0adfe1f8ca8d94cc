import { get } from 'node:http';

/** What listens at an address: a server with the registry API, nothing, or something else. */
export type Answer = 'registry' | 'nothing' | 'something-else';

/** Asks `GET /v2/`, which every registry answers with 200 or 401. Takes 3 s at most. */
export function probeRegistry(host: string): Promise<Answer> {
  return new Promise((resolve) => {
    const request = get(`http://${host}/v2/`, { agent: false, timeout: 3_000 }, (response) => {
      response.resume();
      const spoken = response.statusCode === 200 || response.statusCode === 401;
      resolve(spoken && looksLikeRegistry(response.headers) ? 'registry' : 'something-else');
    });
    request.on('timeout', () => request.destroy(new Error('no answer')));
    request.on('error', (error: NodeJS.ErrnoException) => {
      resolve(error.code === 'ECONNREFUSED' ? 'nothing' : 'something-else');
    });
  });
}

/** A development server may answer any path with 200 and a page. */
function looksLikeRegistry(headers: NodeJS.Dict<string | string[]>): boolean {
  return (
    headers['docker-distribution-api-version'] !== undefined ||
    String(headers['content-type'] ?? '').startsWith('application/json')
  );
}
