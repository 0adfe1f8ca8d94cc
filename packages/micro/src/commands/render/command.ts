import { join } from 'node:path';
import { datastoresOf, ENGINE_PORTS } from '../../compose/datastore';
import { serviceComposeFile } from '../../compose/paths';
import type { ComposeConfig } from '../../deployment/entry';
import { pinnedImage } from '../../deployment/override';
import { lineInEnvironment, readAnyEnvironment } from '../../effects/environments';
import { fileReader } from '../../effects/files';
import { readPushedImages } from '../../effects/pushed-images';
import { replaceRendered } from '../../effects/rendered-folder';
import { readComposeFiles } from '../../effects/rendered-project';
import { folderOf } from '../../kubernetes/folder';
import { missingAddresses } from '../../kubernetes/outside';
import { renderPlatform, type RenderedPlatform } from '../../kubernetes/render';
import { unsupportedSettings } from '../../kubernetes/unsupported';
import type { KubernetesEnvironment } from '../../platform/kubernetes-environment';
import { serviceNamed, type Platform } from '../../platform/platform';
import { PlatformError } from '../../platform/problem';
import { UserError } from '../../platform/user-error';
import { parseYaml } from '../../platform/yaml-source';
import { formatList } from '../../terminal/step';
import { readOptions } from '../options';
import { readWorkspacePlatform, type Shell } from '../shell';
import { readSecretObjects } from './secrets';

export const RENDER_USAGE = `usage: micro render -e environment [--out folder] [--json]
       micro render -e environment --secrets | kubectl apply --server-side -f -

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
  const { workspaceRoot, runner, say } = shell;
  const { values } = readOptions(args, OPTIONS, RENDER_USAGE);
  if (values.environment === undefined) throw new UserError(RENDER_USAGE);
  const platform = readWorkspacePlatform(workspaceRoot);
  const environment = requireCluster(workspaceRoot, values.environment);
  requireAddresses(workspaceRoot, platform, environment);
  const { written, filled } = await readComposeFiles(runner, workspaceRoot, environment);
  const rendered = renderPlatform({
    platform,
    environment,
    written,
    images: await readImages(workspaceRoot, platform, environment),
    ports: portsOf(platform),
  });
  requireSupported(workspaceRoot, platform, rendered, written);
  if (values.secrets) {
    if (shell.isTerminal) {
      throw new UserError(
        'this prints the values of secrets: pipe it, for example into "kubectl apply --server-side -f -"',
      );
    }
    const items = await readSecretObjects(shell, environment, rendered, await filled());
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

function requireCluster(workspaceRoot: string, name: string): KubernetesEnvironment {
  const environment = readAnyEnvironment(workspaceRoot, name);
  if (environment.engine === 'kubernetes') return environment;
  throw new UserError(
    `${environment.file} is for Compose: objects are rendered for an environment with "engine: kubernetes"`,
  );
}

function requireAddresses(
  workspaceRoot: string,
  platform: Platform,
  environment: KubernetesEnvironment,
): void {
  const missing = missingAddresses(platform, environment).map(({ service, variable, why }) => {
    const line = lineInEnvironment(workspaceRoot, environment, ['services', service]);
    return `${environment.file}:${line}: services.${service} has no ${variable}: ${why}. Add it under "secrets"`;
  });
  if (missing.length > 0) throw new UserError(missing.join('\n'));
}

/** @throws {PlatformError} naming each setting that would be lost. */
function requireSupported(
  workspaceRoot: string,
  platform: Platform,
  { entries }: RenderedPlatform,
  written: ComposeConfig,
): void {
  const read = fileReader(workspaceRoot);
  const problems = unsupportedSettings(entries, written).map(({ service, entry, key }) => {
    const file = serviceComposeFile(serviceNamed(platform, service));
    const line = parseYaml(file, read(file) ?? '').source?.lineOf(['services', entry, key]);
    const message = `"${key}" of ${entry} is not rendered for a cluster: remove it, or keep ${service} on an environment with "engine: compose" and name its address under "links"`;
    return { file, ...(line === undefined ? {} : { line }), message };
  });
  if (problems.length > 0) throw new PlatformError(problems);
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

function portsOf({ services }: Platform): Map<string, number> {
  const datastores = services.flatMap(datastoresOf);
  return new Map(datastores.map(({ name, engine }) => [name, ENGINE_PORTS[engine]]));
}

/** What each Secret has to hold: whoever applies the folder makes them. */
function secretsOf({ entries }: RenderedPlatform) {
  return entries
    .map(({ name, secret }) => ({ name, keys: [...secret.variables, ...secret.files].sort() }))
    .filter(({ keys }) => keys.length > 0);
}
