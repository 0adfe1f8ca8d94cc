import { join } from 'node:path';
import { ECS_LIST, ecsFolder } from '../../ecs/folder';
import { FOUNDATION_FORMATS, isFoundationFormat } from '../../ecs/foundation/format';
import { foundationOf } from '../../ecs/foundation/resources';
import { renderForCluster } from '../../effects/cluster-rendering';
import { renderForEcs } from '../../effects/ecs-rendering';
import { readAnyEnvironment } from '../../effects/environments';
import { replaceListed, replaceRendered } from '../../effects/rendered-folder';
import { folderOf } from '../../kubernetes/folder';
import type { RenderedPlatform } from '../../kubernetes/render';
import type { EcsEnvironment } from '../../platform/ecs-environment';
import type { AnyEnvironment } from '../../platform/environment';
import type { KubernetesEnvironment } from '../../platform/kubernetes-environment';
import type { Platform } from '../../platform/platform';
import { UserError } from '../../platform/user-error';
import { formatList } from '../../terminal/step';
import { readOptions } from '../options';
import { readWorkspacePlatform, type Shell } from '../shell';
import { readPinnedImages } from './pinned-images';
import { readSecretObjects } from './secret-objects';

export const RENDER_USAGE = `usage: micro render -e environment [--out folder] [--json]
       micro render -e environment --format=cloudformation > template.yaml
       micro render -e environment --format=terraform > main.tf
       micro render -e environment --format=cdk > stack.ts
       micro render -e environment --secrets | kubectl --context context apply --server-side -f -

  Writes what an environment runs, with the images that were last pushed for it: the Kubernetes objects of one
  with "engine: kubernetes", for "kubectl apply -k" and for GitOps; the inputs of the AWS commands of one with
  "engine: ecs". No file holds a secret.

  -e, --environment   an environment with "engine: kubernetes" or "engine: ecs"
      --out           the folder to write to; dist/kubernetes/<environment> or dist/ecs/<environment> by default
      --json          print what was written, and which keys each Secret has to hold, as JSON
      --format        for ECS: write no file, and print what has to exist once, as a template of CloudFormation
                      (cloudformation), a file of Terraform (terraform) or a stack of the AWS CDK (cdk)
      --secrets       for a cluster: write no file, and print the Secrets with their values, for a pipe
`;

const OPTIONS = {
  environment: { type: 'string', short: 'e' },
  out: { type: 'string' },
  json: { type: 'boolean' },
  secrets: { type: 'boolean' },
  format: { type: 'string' },
} as const;

interface RenderOptions {
  out?: string | undefined;
  json?: boolean | undefined;
  secrets?: boolean | undefined;
  format?: string | undefined;
}

/** `micro render` */
export async function renderCommand(args: readonly string[], shell: Shell): Promise<number> {
  const { values } = readOptions(args, OPTIONS, RENDER_USAGE);
  if (values.environment === undefined) throw new UserError(RENDER_USAGE);
  const platform = readWorkspacePlatform(shell.workspaceRoot);
  const environment = readAnyEnvironment(shell.workspaceRoot, values.environment);
  requireFormat(values, environment);
  if (environment.engine === 'kubernetes') {
    return renderCluster(shell, platform, environment, values);
  }
  if (environment.engine === 'ecs') return renderTasks(shell, platform, environment, values);
  throw new UserError(
    `${environment.file} is for Compose: only an environment with "engine: kubernetes" or "engine: ecs" is rendered`,
  );
}

/** @throws {UserError} for a format that there is not, or that another engine has. */
function requireFormat(
  { format, json, out, secrets }: RenderOptions,
  { file, engine }: AnyEnvironment,
): void {
  if (format === undefined) return;
  if (!isFoundationFormat(format)) {
    throw new UserError(
      `--format=${format} is not known: the formats are ${formatList(Object.keys(FOUNDATION_FORMATS))}`,
    );
  }
  if (engine !== 'ecs') {
    throw new UserError(
      `--format=${format} is for an environment with "engine: ecs": the engine of ${file} is ${engine}`,
    );
  }
  if (json || secrets || out !== undefined) {
    throw new UserError(`--format=${format} prints what it renders: give no other option with it`);
  }
}

async function renderCluster(
  shell: Shell,
  platform: Platform,
  environment: KubernetesEnvironment,
  values: RenderOptions,
): Promise<number> {
  const { workspaceRoot, say } = shell;
  const images = await readPinnedImages(workspaceRoot, platform, environment);
  const rendered = await renderForCluster(shell, platform, environment, images);
  if (values.secrets) {
    if (shell.isTerminal) {
      throw new UserError(
        `this prints the values of secrets: pipe it, for example into "kubectl --context ${environment.context} apply --server-side -f -"`,
      );
    }
    const items = await readSecretObjects(shell, environment, rendered);
    say(JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
    return 0;
  }
  const out = values.out ?? `dist/kubernetes/${environment.name}`;
  const files = folderOf(rendered);
  const changed = await replaceRendered(join(workspaceRoot, out), files);
  const secrets = secretsOf(rendered);
  const paths = files.map(({ path }) => path);
  tellWritten(shell, values, { folder: out, files: paths, changed, secrets });
  if (values.json) return 0;
  for (const { name, keys } of secrets) say(`secret ${name}  has to hold ${formatList(keys)}`);
  return 0;
}

async function renderTasks(
  shell: Shell,
  platform: Platform,
  environment: EcsEnvironment,
  values: RenderOptions,
): Promise<number> {
  const { workspaceRoot } = shell;
  const { format } = values;
  if (format !== undefined && isFoundationFormat(format)) {
    const text = FOUNDATION_FORMATS[format](foundationOf(platform, environment));
    shell.say(text.trimEnd());
    return 0;
  }
  if (values.secrets) {
    throw new UserError(
      '--secrets is for a cluster: on ECS, tasks read secrets by their ARN, and no value is needed here',
    );
  }
  const images = await readPinnedImages(workspaceRoot, platform, environment);
  const files = ecsFolder(await renderForEcs(shell, platform, environment, images));
  const out = values.out ?? `dist/ecs/${environment.name}`;
  const changed = await replaceListed(join(workspaceRoot, out), files, ECS_LIST);
  const paths = files.map(({ path }) => path).filter((path) => path !== ECS_LIST);
  tellWritten(shell, values, { folder: out, files: paths, changed });
  return 0;
}

interface Written {
  folder: string;
  files: readonly string[];
  changed: readonly string[];
  secrets?: object;
}

function tellWritten({ say }: Shell, { json }: RenderOptions, written: Written): void {
  const { folder, files, changed } = written;
  if (json) return say(JSON.stringify(written));
  const which = changed.length === 0 ? 'none changed' : `changed: ${formatList(changed)}`;
  say(`${folder}  ${files.length} files, ${which}`);
}

/** What each Secret has to hold: whoever applies the folder makes them. */
function secretsOf({ entries }: RenderedPlatform) {
  return entries
    .map(({ name, secret }) => ({ name, keys: [...secret.variables, ...secret.files].sort() }))
    .filter(({ keys }) => keys.length > 0);
}
