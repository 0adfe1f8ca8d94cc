import type { Tree } from '@nx/devkit';
import { ComposeEdit } from '../../compose/compose-edit';
import { serviceComposeFile } from '../../compose/paths';
import { serveEnvFile } from '../../discovery/serve-env';

/** Where tokens come from, until a person names their own issuer. */
const ISSUER = {
  JWT_ISSUER: 'https://issuer.example.com/',
  JWT_JWKS_URL: 'https://issuer.example.com/.well-known/jwks.json',
};

/** Adds the variables that a service needs to verify tokens, unless they are set. */
export function nameIssuer(tree: Tree, service: { name: string; root: string }): void {
  const compose = serviceComposeFile(service);
  const edit = new ComposeEdit(compose, tree.read(compose, 'utf8') ?? '');
  const env = serveEnvFile(service);
  let variables = tree.read(env, 'utf8') ?? '';
  for (const [name, value] of Object.entries(ISSUER)) {
    edit.seed(['services', service.name, 'environment', name], value, `${name} is missing`);
    if (!new RegExp(`^${name}=`, 'm').test(variables)) variables += `${name}=${value}\n`;
  }
  const { text, drift } = edit.toFile();
  if (drift.length > 0) tree.write(compose, text);
  if (tree.read(env, 'utf8') !== variables) tree.write(env, variables);
}
