import type { Instruction, ModifiableInstruction } from 'dockerfile-ast';
import { flagValue, readStages } from './stages';

/** The stage of generated Dockerfiles that installs what is not in the bundle. */
export const DEPENDENCY_STAGE = 'prod-deps';

/** What its RUN does around the installation, which is left out if the artifact has no lockfile. */
const BEFORE = 'mkdir -p node_modules && if [ -f ';
const AFTER = '; fi && find . -maxdepth 1 -type f -delete && find /out -exec touch -h -d @0 {} +';

/**
 * The lockfile without which the stage leaves an empty folder: `package-lock.json`. `undefined` if the stage does not
 * exist, or if a person changed it, because it may do more then.
 */
export function dependencyLockfile(dockerfile: string): string | undefined {
  const stage = readStages(dockerfile).stages.find(({ name }) => name === DEPENDENCY_STAGE);
  if (!stage) return undefined;
  const runs = stage.instructions.filter((one) => one.getKeyword() === 'RUN');
  const others = stage.instructions.filter((one) => one.getKeyword() !== 'RUN');
  if (runs.length !== 1 || !others.every(preparesInstall)) return undefined;
  const command = wordsOf(runs[0] as ModifiableInstruction);
  if (!command.startsWith(BEFORE) || !command.endsWith(AFTER)) return undefined;
  const [lockfile, ...install] = command.slice(BEFORE.length, -AFTER.length).split(' ');
  const isThen = install[0] === '];' && install[1] === 'then';
  // One condition without an else: nothing of it runs without the lockfile.
  const isOne = !install.some((word) => ['fi', 'else', 'elif'].includes(word.replace(';', '')));
  return isThen && isOne ? lockfile : undefined;
}

function preparesInstall(instruction: Instruction): boolean {
  const keyword = instruction.getKeyword();
  if (keyword === 'WORKDIR') return wordsOf(instruction) === '/out/app';
  return keyword === 'COPY' && flagValue(instruction, 'from') === 'artifact';
}

function wordsOf(instruction: Instruction): string {
  return instruction
    .getArguments()
    .map((word) => word.getValue())
    .join(' ');
}
