import { join } from 'node:path';
import { pinnedImage } from '../../deployment/override';
import { readKubernetesEnvironment, renderForCluster } from '../../effects/cluster-rendering';
import { readPushedImages } from '../../effects/pushed-images';
import { replaceRendered } from '../../effects/rendered-folder';
import { folderOf } from '../../kubernetes/folder';
import type { RenderedPlatform } from '../../kubernetes/render';
import type { KubernetesEnvironment } from '../../platform/kubernetes-environment';
import type { Platform } from '../../platform/platform';
import { UserError } from '../../platform/user-error';
import { formatList } from '../../terminal/step';
import { readOptions } from '../options';
import { readWorkspacePlatform, type Shell } from '../shell';
import { readSecretObjects } from './secret-objects';

export const RENDER_USAGE = `usage: micro render -e environment [--out folder] [--json]
       micro render -e environment --secrets | kubectl --context context apply --server-side -f -

  Writes the Kubernetes objects of an environment, with the images that were last pushed for it, for
  "kubectl apply -k" and for GitOps. No file holds a secret.

  -e, --environment   an environment with "engine: kubernetes"
      --out           the folder to write to; dist/kubernetes/<environment> by default
      --json          print what was written, and which keys each Secret has to hold, as JSON
      --secrets       write no file, and print the Secrets with their values, for a pipe
`;

const OPTIONS = {
  environment: { type: 'string', short: 'e' },
  out: { type: 'string' },
  json: { type: 'boolean' },
  secrets: { type: 'boolean' },
} as const;

/** `micro render` */
export async function renderCommand(args: readonly string[], shell: Shell): Promise<number> {
  const { workspaceRoot, say } = shell;
  const { values } = readOptions(args, OPTIONS, RENDER_USAGE);
  if (values.environment === undefined) throw new UserError(RENDER_USAGE);
  const platform = readWorkspacePlatform(workspaceRoot);
  const environment = readKubernetesEnvironment(
    workspaceRoot,
    values.environment,
    ({ file }) =>
      `${file} is for Compose: objects are rendered for an environment with "engine: kubernetes"`,
  );
  const images = await readImages(workspaceRoot, platform, environment);
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
  if (values.json) {
    say(JSON.stringify({ folder: out, files: files.map(({ path }) => path), changed, secrets }));
    return 0;
  }
  const which = changed.length === 0 ? 'none changed' : `changed: ${formatList(changed)}`;
  say(`${out}  ${files.length} files, ${which}`);
  for (const { name, keys } of secrets) say(`secret ${name}  has to hold ${formatList(keys)}`);
  return 0;
}

/** What runs is what was last pushed, by digest. */
async function readImages(
  workspaceRoot: string,
  platform: Platform,
  { name: environment, links }: KubernetesEnvironment,
) {
  const pushed = await readPushedImages(workspaceRoot, platform, environment);
  const missing = platform.services
    .map(({ name }) => name)
    .filter((name) => !pushed.has(name) && !Object.hasOwn(links, name));
  if (missing.length > 0) {
    throw new UserError(
      `nothing of ${formatList(missing)} was pushed for ${environment} yet: run nx run-many -t docker-push -c ${environment} --projects=${missing.join(',')}`,
    );
  }
  return new Map(
    [...pushed].map(([name, push]) => [name, { key: push.key, image: pinnedImage(push) }] as const),
  );
}

/** What each Secret has to hold: whoever applies the folder makes them. */
function secretsOf({ entries }: RenderedPlatform) {
  return entries
    .map(({ name, secret }) => ({ name, keys: [...secret.variables, ...secret.files].sort() }))
    .filter(({ keys }) => keys.length > 0);
}
