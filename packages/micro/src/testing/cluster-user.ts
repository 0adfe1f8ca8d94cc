import { createPrivateKey, createSign } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { processRunner, type Runner } from '../effects/process';
import { deployRights, type Right } from '../kubernetes/rights';
import type { ClusterWorkspace } from './cluster-workspace';

/** A user of the namespace of a workspace, who may do there what a deploy needs. */
export class ClusterUser {
  constructor(
    private readonly workspace: ClusterWorkspace,
    readonly name: string,
  ) {
    workspace.kubectl('create', 'serviceaccount', name);
    this.allow(() => true);
    workspace.kubectl(
      ...['create', 'rolebinding', name, `--role=${name}`],
      `--serviceaccount=${workspace.namespace}:${name}`,
    );
  }

  /** Gives all rights that a deploy needs, but for some. */
  allow(isKept: (right: Right, verb: string) => boolean): void {
    const rules = deployRights().flatMap((right) => {
      const verbs = right.verbs.filter((verb) => isKept(right, verb));
      return verbs.length === 0
        ? []
        : [{ apiGroups: [right.group], resources: [right.resource], verbs }];
    });
    const apiVersion = 'rbac.authorization.k8s.io/v1';
    this.workspace.apply({ apiVersion, kind: 'Role', metadata: { name: this.name }, rules });
  }

  /** A token that is valid for an hour, or until the user is deleted. */
  token(): string {
    return this.workspace.kubectl('create', 'token', this.name);
  }

  /**
   * A token that expires whenever we like; the API server makes none for less than ten minutes.
   *
   * @param keyFile with the key by which the cluster signs its own.
   * @param expires seconds since 1970.
   */
  signedToken(keyFile: string, expires: number): string {
    const { namespace } = this.workspace;
    const uid = this.workspace.kubectl(
      ...['get', 'serviceaccount', this.name, '--output', 'jsonpath={.metadata.uid}'],
    );
    const issuer = 'https://kubernetes.default.svc.cluster.local';
    const claims = {
      ...{ iss: issuer, aud: [issuer], sub: `system:serviceaccount:${namespace}:${this.name}` },
      ...{ iat: expires - 600, nbf: expires - 600, exp: expires },
      'kubernetes.io': { namespace, serviceaccount: { name: this.name, uid } },
    };
    const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url');
    const content = `${encode({ alg: 'RS256', typ: 'JWT' })}.${encode(claims)}`;
    const key = createPrivateKey(readFileSync(keyFile));
    return `${content}.${createSign('RSA-SHA256').update(content).sign(key, 'base64url')}`;
  }

  /** Runs commands as this user. */
  runner(token = this.token()): Runner {
    const { root, cluster } = this.workspace;
    const view = ['config', 'view', '--raw', '--minify', '--flatten', '--output', 'json'];
    const config = JSON.parse(this.workspace.kubectl(...view)) as Kubeconfig;
    const { context } = config.contexts[0]!;
    const contexts = [{ name: cluster.context, context: { ...context, user: this.name } }];
    const users = [{ name: this.name, user: { token } }];
    const file = `${this.name}.kubeconfig`;
    this.workspace.write({ [file]: JSON.stringify({ ...config, contexts, users }) });
    const env = { KUBECONFIG: join(root, file) };
    const runner = processRunner(root);
    return {
      run: (command, options) =>
        runner.run({ ...command, env: { ...command.env, ...env } }, options),
    };
  }
}

interface Kubeconfig {
  contexts: { name: string; context: object }[];
  users: object[];
}
