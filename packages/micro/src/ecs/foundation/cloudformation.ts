import { stringify } from 'yaml';
import type { Foundation } from './resources';

const HEADER = '# Written by `micro render --format=cloudformation`: what has to exist once.\n';

/** A CloudFormation template with what an environment needs before its services. */
export function cloudformationTemplate({ description, resources }: Foundation): string {
  const template = {
    AWSTemplateFormatVersion: '2010-09-09',
    Description: description,
    Resources: resources,
  };
  // CloudFormation reads YAML 1.1, in which a plain `off` is false.
  const options = { version: '1.1', aliasDuplicateObjects: false, lineWidth: 0 } as const;
  return HEADER + stringify(template, options);
}
