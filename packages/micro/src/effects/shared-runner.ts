import { formatCommand, type Command } from '../docker/command';
import { missingImage } from '../docker/error-patterns';
import type { Outcome, Runner } from './process';

/** How long a look-up waits for others, in milliseconds; a docker command takes 20 to 40 to start. */
const WINDOW = 5;

const LOOK_UP = ['image', 'inspect', '--format', '{{json .}}'];

/**
 * A runner for several tasks of one run. It looks up images that are needed at the same time in one command, and asks
 * git and the engine for their facts once. Without it, eight services would start two dozen processes. Everything else
 * runs as usual.
 */
export function sharedRunner(runner: Runner): Runner {
  const known = new Map<string, Promise<Outcome>>();
  const waiting = new Map<string, LookUp[]>();

  const lookUp = (command: Command) =>
    new Promise<Outcome>((resolve, reject) => {
      const one = { command, reference: command.args.at(-1)!, resolve, reject };
      const address = formatCommand(withReferences(command, []));
      const others = waiting.get(address);
      if (others) return void others.push(one);
      const together = [one];
      waiting.set(address, together);
      setTimeout(() => {
        waiting.delete(address);
        void runTogether(runner, together);
      }, WINDOW);
    });

  return {
    run: (command, options) => {
      const isPlain = Object.keys(options ?? {}).length === 0;
      if (isFact(command) && (isPlain || command.file === 'docker')) {
        const question = formatCommand(command);
        const answer = known.get(question) ?? runner.run(command, options);
        known.set(question, answer);
        return answer;
      }
      return isPlain && isLookUp(command) ? lookUp(command) : runner.run(command, options);
    },
  };
}

interface LookUp {
  command: Command;
  reference: string;
  resolve: (outcome: Outcome) => void;
  reject: (error: unknown) => void;
}

/** Whether a command's answer cannot change during a run: git, and the engine's version. */
function isFact({ file, args }: Command): boolean {
  return file === 'git' || (file === 'docker' && args.at(-3) === 'version');
}

/** `docker [address] image inspect --format {{json .}} <one reference>` */
function isLookUp({ file, args }: Command): boolean {
  return file === 'docker' && LOOK_UP.every((word, index) => args.at(index - 5) === word);
}

function withReferences(command: Command, references: readonly string[]): Command {
  return { ...command, args: [...command.args.slice(0, -1), ...references] };
}

async function runTogether(runner: Runner, lookUps: readonly LookUp[]): Promise<void> {
  const [first] = lookUps;
  const references = [...new Set(lookUps.map(({ reference }) => reference))];
  try {
    const answers = split(await runner.run(withReferences(first!.command, references)), references);
    for (const { command, reference, resolve, reject } of lookUps) {
      const answer = answers?.get(reference);
      if (answer) resolve(answer);
      else runner.run(command).then(resolve, reject);
    }
  } catch (error) {
    for (const { reject } of lookUps) reject(error);
  }
}

/**
 * The answer for each reference: docker prints one line per image that exists, in the order asked for, and names those
 * that do not. `undefined` if the output does not fit that; then each image is looked up alone.
 */
function split(
  { exitCode, stdout, stderr }: Outcome,
  references: readonly string[],
): Map<string, Outcome> | undefined {
  const images = stdout.split('\n').filter((line) => line !== '');
  const complaints = stderr.split('\n').filter((line) => line !== '');
  const missing = new Map<string, string>();
  for (const complaint of complaints) {
    const reference = missingImage(complaint);
    const asked = references.find((one) => one === reference || `${one}:latest` === reference);
    if (asked === undefined) return undefined;
    missing.set(asked, complaint);
  }
  if (images.length + missing.size !== references.length) return undefined;
  const found = images.values();
  return new Map(
    references.map((reference) => {
      const complaint = missing.get(reference);
      return [
        reference,
        complaint === undefined
          ? { exitCode: 0, stdout: found.next().value!, stderr: '' }
          : { exitCode, stdout: '', stderr: complaint },
      ];
    }),
  );
}
