import { formatLiteral, TypeScriptCall, type LiteralValue } from './literal';
import type { Foundation, FoundationResource } from './resources';

/** Properties that hold JSON, whose keys the CDK hands on as they are. */
const DOCUMENTS: ReadonlySet<string> = new Set(['AssumeRolePolicyDocument', 'PolicyDocument']);

/**
 * A program for the AWS CDK that is one stack: what an environment needs before its services, as constructs that stand for
 * one resource each (L1), with the names and properties of the CloudFormation template.
 */
export function cdkStack({ name, description, region, resources }: Foundation): string {
  const all = Object.entries(resources);
  const modules = [...new Set(all.map(([, { Type }]) => cdkClass(Type).module))].sort();
  const props = { description, env: { region } };
  return `// Written by \`micro render --format=cdk\`: what has to exist once.
import { App, Fn, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
${modules.map((module) => `import * as ${module} from 'aws-cdk-lib/aws-${module}';`).join('\n')}
import type { Construct } from 'constructs';

export class Foundation extends Stack {
  constructor(scope: Construct, id: string, props?: StackProps) {
    super(scope, id, props);

${all.map(([id, resource]) => construct(id, resource)).join('\n\n')}
  }
}

new Foundation(new App(), ${formatLiteral(name)}, ${formatLiteral(props, { indent: 0, before: 0, open: true })});
`;
}

/** `AWS::ECS::Service` -> `ecs.CfnService` */
export function cdkClass(type: string): { module: string; name: string } {
  const [, service, resource] = type.split('::');
  return { module: service!.toLowerCase(), name: `Cfn${resource!}` };
}

/** `ImageTagMutability` -> `imageTagMutability`, and `KMSKey` -> `kmsKey` */
export function cdkProperty(name: string): string {
  return name.replace(/^[A-Z]+(?![a-z])|^[A-Z]/, (start) => start.toLowerCase());
}

/** The properties of a CloudFormation resource, as those of its construct. */
export function cdkValue(value: unknown): LiteralValue {
  if (Array.isArray(value)) return value.map(cdkValue);
  if (typeof value !== 'object' || value === null) return value as LiteralValue;
  if ('Fn::Sub' in value) return new TypeScriptCall('Fn.sub', value['Fn::Sub'] as string);
  return Object.fromEntries(
    Object.entries(value).map(([key, inside]) => [
      cdkProperty(key),
      DOCUMENTS.has(key) ? (inside as LiteralValue) : cdkValue(inside),
    ]),
  );
}

function construct(id: string, { Type, DeletionPolicy, Properties }: FoundationResource): string {
  const { module, name } = cdkClass(Type);
  const props = formatLiteral(cdkValue(Properties), { indent: 4, before: 0, open: true });
  const keep = DeletionPolicy ? '.applyRemovalPolicy(RemovalPolicy.RETAIN)' : '';
  return `    new ${module}.${name}(this, ${formatLiteral(id)}, ${props})${keep};`;
}
