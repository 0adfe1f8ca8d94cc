import { isChecked } from '../../compose/checked-services';
import { serviceComposeFile } from '../../compose/paths';
import { dockerfileOf } from '../../dockerfile/dockerfile-edit';
import { hasHealthCheck } from '../../dockerfile/health-check';
import type { Service } from '../../platform/platform';
import type { ReadFile } from '../../platform/workspace';

/** Whether a container of a service reports its health, as its files say. */
export function isServiceChecked(service: Service, read: ReadFile): boolean {
  const dockerfile = read(dockerfileOf(service));
  // Without a Dockerfile, the image is unknown here.
  return isChecked(
    service.name,
    read(serviceComposeFile(service)),
    (target) => dockerfile === undefined || hasHealthCheck(dockerfile, target),
  );
}

/** The same question has the same answer. */
export function oncePer<Question, Answer>(ask: (question: Question) => Answer) {
  const known = new Map<Question, Answer>();
  return (question: Question): Answer => {
    const answer = known.get(question) ?? ask(question);
    known.set(question, answer);
    return answer;
  };
}
