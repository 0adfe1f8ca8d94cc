import { generateFiles, OverwriteStrategy, readNxJson, writeJson, type Tree } from '@nx/devkit';
import { join, posix } from 'node:path';
import { GENERATE_TARGET } from '../../inference/proto-project';
import { protoLibraryRoot, protoNames, protoProject } from '../../platform/proto-library';
import { scriptTargets } from '../init/nx-json';
import { approveInstallScripts, PROTO_SCRIPTS } from '../install-scripts';
import { editJson } from '../json-text';
import { addReference, joinWorkspace } from '../join-workspace';
import { declareRootTools, ownTools } from '../plug-and-play';
import { sourceLibrary } from '../source-library';
import { GRPC_VERSIONS, PROTO_VERSIONS } from '../versions';
import type { WorkspacePackageManager } from '../workspace-tree';

const CHECKED = [
  { dependentTasksOutputFiles: '**/*_pb.ts' },
  '{projectRoot}/proto/**/*',
  '{projectRoot}/src/index.ts',
  '{projectRoot}/package.json',
  '{projectRoot}/tsconfig.json',
  '{workspaceRoot}/tsconfig*.json',
  { externalDependencies: ['typescript'] },
];

interface ProtoLibrary {
  /** The service whose contract it has. */
  service: string;
  packageScope: string;
  packageManager: WorkspacePackageManager;
}

/**
 * Makes the library with the gRPC contract of a service, once. Each service has its own, so that a change of a contract
 * affects those that use it and no others.
 */
export function generateProtoLibrary(
  tree: Tree,
  { service, packageScope, packageManager }: ProtoLibrary,
): void {
  const root = protoLibraryRoot(service);
  if (tree.exists(posix.join(root, 'package.json'))) return;
  const names = protoNames(service);
  const packageName = protoPackage(packageScope, service);
  const values = { ...names, packageName, protoPackage: names.packageName, service };
  const base = tree.exists('tsconfig.base.json');
  generateFiles(
    tree,
    join(__dirname, 'files/proto'),
    root,
    { ...values, base, project: protoProject(service) },
    { overwriteStrategy: OverwriteStrategy.KeepExisting },
  );
  tree.write(posix.join(root, names.protoFile), contractOf(names.packageName, names.serviceName));
  writeJson(tree, posix.join(root, 'package.json'), {
    // Nothing is linted: all of its code is generated.
    ...sourceLibrary(tree, packageName, ['typecheck']),
    dependencies: { '@bufbuild/protobuf': GRPC_VERSIONS['@bufbuild/protobuf'] },
    devDependencies: { ...PROTO_VERSIONS, ...ownTools(tree, ['@types/node']) },
    nx: {
      name: protoProject(service),
      // Otherwise, the files that were there before they were generated again would decide what is in the cache.
      targets: { typecheck: { inputs: CHECKED } },
    },
  });
  approveInstallScripts(tree, packageManager, PROTO_SCRIPTS);
  declareRootTools(tree, PROTO_VERSIONS);
  joinWorkspace(tree, [{ name: protoProject(service), root, packageManager, isNew: true }]);
  generateBeforeChecks(tree);
}

/** `@acme/inventory-proto` */
export function protoPackage(packageScope: string, service: string): string {
  return `@${packageScope}/${protoProject(service)}`;
}

/** What code that imports a contract depends on. */
export function protoDependency(
  packageScope: string,
  service: string,
  { kind }: WorkspacePackageManager,
): Record<string, string> {
  return { [protoPackage(packageScope, service)]: kind === 'npm' ? '*' : 'workspace:*' };
}

/** Lets the TypeScript project of a service see that of a contract. */
export function referToProtoLibrary(tree: Tree, root: string, service: string): void {
  addReference(tree, posix.join(root, 'tsconfig.json'), protoLibraryRoot(service));
}

/** What a plugin of Nx lets a target depend on, which a default in nx.json replaces. */
const INFERRED: Readonly<Record<string, readonly string[]>> = { typecheck: ['^typecheck'] };

/**
 * A changed contract is generated again before anything that reads its code is checked. `test` and `lint` of another
 * plugin stay as they are: what they depend on is not known here.
 */
function generateBeforeChecks(tree: Tree): void {
  const nxJson = readNxJson(tree) ?? {};
  const ours: readonly string[] = scriptTargets(nxJson);
  const edits = ['typecheck', 'test', 'lint'].flatMap((target) => {
    const given = nxJson.targetDefaults?.[target] as { dependsOn?: unknown[] } | undefined;
    const inferred = ours.includes(target) ? [] : INFERRED[target];
    if (Array.isArray(given) || inferred === undefined) return [];
    const before = given?.dependsOn ?? inferred;
    const missing = [GENERATE_TARGET, `^${GENERATE_TARGET}`].filter((one) => !before.includes(one));
    const path = ['targetDefaults', target, 'dependsOn'];
    return [{ path, from: given?.dependsOn, to: [...before, ...missing] }];
  });
  editJson(tree, 'nx.json', edits);
}

function contractOf(packageName: string, serviceName: string): string {
  return `syntax = "proto3";

package ${packageName};

service ${serviceName} {
  rpc SayHello(SayHelloRequest) returns (SayHelloResponse) {
    // May be repeated: it changes nothing.
    option idempotency_level = NO_SIDE_EFFECTS;
  }
}

message SayHelloRequest {
  string name = 1;
}

message SayHelloResponse {
  string message = 1;
}
`;
}
