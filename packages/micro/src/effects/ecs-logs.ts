import type { EcsScope } from '../ecs/names';
import { UserError } from '../platform/user-error';
import { AwsError, runAws, type Aws } from './aws';

/** A line in a log group, as `filter-log-events` prints it. */
export interface LogEvent {
  eventId: string;
  /** `<entry>/<container>/<id of the task>` */
  logStreamName: string;
  /** When it was written, in milliseconds since 1970. */
  timestamp: number;
  message: string;
}

/**
 * Reads what the tasks of an environment wrote. `aws logs tail --follow` is not used: it keeps lines back if its output
 * is not a terminal (aws/aws-cli#7234).
 *
 * @param from milliseconds since 1970.
 * @param prefix what the names of the streams begin with.
 * @throws {UserError} if there is no such group.
 */
export async function readLogEvents(
  aws: Aws,
  { logGroup, region }: Pick<EcsScope, 'logGroup' | 'region'>,
  { from, prefix }: { from: number; prefix: string | undefined },
): Promise<LogEvent[]> {
  const args = [
    ...['logs', 'filter-log-events', '--log-group-name', logGroup, '--start-time', String(from)],
    ...(prefix === undefined ? [] : ['--log-stream-name-prefix', prefix]),
  ];
  try {
    const what = `Could not read the log group ${logGroup}`;
    const { events = [] } = await runAws<{ events?: LogEvent[] }>(aws, args, what);
    return events;
  } catch (error) {
    if (!(error instanceof AwsError) || error.complaint.kind !== 'not-found') throw error;
    throw new UserError(
      `there is no log group ${logGroup} in ${region}. "micro render --format=cloudformation" writes a template that makes it; or correct "logGroup" in ${aws.file}`,
    );
  }
}
