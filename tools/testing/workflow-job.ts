import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { parse } from 'yaml';
import { startChild } from './child.js';
import { userEnvironment } from './user-environment.js';

/** What expressions such as `${{ github.sha }}` read, by the names of GitHub's contexts. */
export interface WorkflowContexts {
  github: Record<string, unknown>;
  inputs?: Record<string, string>;
  secrets?: Record<string, string>;
}

interface Step {
  name?: string;
  if?: string;
  uses?: string;
  run?: string;
  env?: Record<string, string>;
  with?: Record<string, unknown>;
}

interface Workflow {
  env?: Record<string, string>;
  jobs: Record<string, { if?: string; steps: Step[] }>;
}

/**
 * Runs the `run` steps of a job in a working copy, as a runner of GitHub would with `bash -eo pipefail`. A cache is a
 * folder beside the copy. The copy, Node and the packages are there already, so the steps for them have nothing to do.
 *
 * @throws if the job has an action or an expression that this does not know.
 */
export async function runJob(
  root: string,
  text: string,
  name: string,
  contexts: WorkflowContexts,
): Promise<{ success: boolean; output: string }> {
  const workflow = parse(text) as Workflow;
  const job = workflow.jobs[name]!;
  if (!isTrue(job.if, contexts)) throw new Error(`${name} does not run for this event`);
  let output = '';
  for (const step of job.steps) {
    if (!isTrue(step.if, contexts)) continue;
    if (step.run === undefined) await act(root, step);
    if (step.run === undefined || step.run === 'npm ci') continue;
    const env = { ...workflow.env, ...step.env };
    const child = startChild('bash', ['-eo', 'pipefail', '-c', step.run], {
      cwd: root,
      env: userEnvironment(
        Object.fromEntries(Object.entries(env).map(([key, one]) => [key, fill(one, contexts)])),
      ),
    });
    const ended = await child.ended;
    output += ended.output;
    if (ended.exitCode !== 0) return { success: false, output };
  }
  return { success: true, output };
}

/** The newest cache of a key's start is the only one that is kept. */
async function act(root: string, { uses = '', with: given = {} }: Step): Promise<void> {
  const action = uses.replace(/@.*/, '');
  if (action === 'actions/checkout' || action === 'actions/setup-node') return;
  const path = String(given['path']);
  const [here, kept] = [join(root, path), join(dirname(root), 'caches', path)];
  const [from, to] = action === 'actions/cache/save' ? [here, kept] : [kept, here];
  if (!action.startsWith('actions/cache/')) throw new Error(`unknown action ${uses}`);
  const content = await readFile(from, 'utf8').catch(() => undefined);
  if (content === undefined) return;
  await mkdir(dirname(to), { recursive: true });
  await writeFile(to, content);
}

/** `a == 'b' && c != 'd'` */
function isTrue(condition: string | undefined, contexts: WorkflowContexts): boolean {
  if (condition === undefined) return true;
  return condition.split(' && ').every((one) => {
    const [, path, operator, wanted] = /^([\w.]+) (==|!=) '([^']*)'$/.exec(one) ?? [];
    if (path === undefined) throw new Error(`unknown condition ${one}`);
    return (valueOf(path, contexts) === wanted) === (operator === '==');
  });
}

/** The text with each `${{ name.of.value }}` replaced; what is not there is empty. */
function fill(text: string, contexts: WorkflowContexts): string {
  return text.replace(/\$\{\{ (.+?) \}\}/g, (_, path: string) => {
    if (!/^[\w.]+$/.test(path)) throw new Error(`unknown expression ${path}`);
    return valueOf(path, contexts);
  });
}

function valueOf(path: string, contexts: WorkflowContexts): string {
  let value: unknown = contexts;
  for (const key of path.split('.')) value = (value as Record<string, unknown> | undefined)?.[key];
  return typeof value === 'string' ? value : '';
}
