import { isUtf8 } from 'node:buffer';
import { setImmediate as nextTurn } from 'node:timers/promises';
import awsLambdaFastify from '@fastify/aws-lambda';
import type { ZodRawShape } from 'zod';
import { readConfig, type Config } from '../service/config.js';
import type { Service } from '../service/service.js';
import { logWritten } from '../telemetry/logger.js';
import { asSent, withoutConnection, type HttpAnswer, type HttpEvent } from './http-event.js';

/**
 * What a Lambda function has no use for, or would have to be told again: nothing listens on a port, and the image sets
 * NODE_ENV in a container.
 */
const DEFAULTS = { PORT: '8080', NODE_ENV: 'production' };

/**
 * The service as a Lambda function, with the same routes and answers as in its container: for API Gateway and function
 * URLs, with payload format 1.0 or 2.0. It is created once, when Lambda loads the module, without listening on a port.
 *
 * Lambda runs nothing after an answer. So the log is written before it, and work that the service does in the
 * background stands still until the next request.
 *
 * @param create creates it from its configuration, as for `runService`.
 * @throws {ConfigError} with all problems of its variables. Lambda logs them, and answers no request.
 */
export async function lambdaHandler<S extends ZodRawShape>(
  name: string,
  variables: S,
  create: (config: Config<S>) => Service | Promise<Service>,
  env: NodeJS.ProcessEnv = process.env,
): Promise<(event: HttpEvent, context?: unknown) => Promise<HttpAnswer>> {
  const service = await create(readConfig(name, variables, { ...DEFAULTS, ...env }));
  const answer = awsLambdaFastify<HttpEvent>(service.app, {
    // Nothing of the chassis reads the event, and a header with its key would be one more that the client did not send.
    decorateRequest: false,
    parseCommaSeparatedQueryParams: false,
    // A body is text in the answer if that changes none of its bytes, whatever its content type says.
    enforceBase64: ({ rawPayload }) => !isUtf8(rawPayload),
  });
  await service.start({ listen: false });
  return async (event, context = {}) => {
    const answered = withoutConnection(await answer(asSent(event), context));
    // The line about the answer is logged right after it.
    await nextTurn();
    await logWritten();
    return answered;
  };
}
