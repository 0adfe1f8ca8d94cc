import { existsSync } from 'node:fs';
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { parse } from 'yaml';
import { startChild } from './child.js';
import { userEnvironment } from './user-environment.js';

/** What expressions such as `${{ github.sha }}` read, by the names of GitHub's contexts. */
export interface WorkflowContexts {
  github: Record<string, unknown>;
  inputs?: Record<string, string>;
  secrets?: Record<string, string>;
  /** What earlier jobs gave, by their names. */
  needs?: Record<string, { outputs: Record<string, string> }>;
  matrix?: Record<string, string>;
}

interface Step {
  id?: string;
  name?: string;
  if?: string;
  uses?: string;
  run?: string;
  env?: Record<string, string>;
  with?: Record<string, unknown>;
}

interface Job {
  if?: string;
  outputs?: Record<string, string>;
  strategy?: { matrix: Record<string, string> };
  steps: Step[];
}

interface Workflow {
  env?: Record<string, string>;
  jobs: Record<string, Job>;
}

export interface EndedJob {
  success: boolean;
  output: string;
  /** What it gives to later jobs. */
  outputs: Record<string, string>;
  /** What it shows of itself, in Markdown. */
  summary: string;
}

/**
 * Runs the `run` steps of a job in a working copy, as a runner of GitHub would with `bash -e`. Caches and artifacts are
 * folders beside the copy. The copy, Node and the packages are there already, so the steps for them have nothing to do.
 * After a step that failed, only those with `!cancelled()` run.
 *
 * @param variables of the runner, such as the address of the API.
 * @throws if the job has an action or an expression that this does not know.
 */
export async function runJob(
  root: string,
  text: string,
  name: string,
  contexts: WorkflowContexts,
  variables: Record<string, string> = {},
): Promise<EndedJob> {
  const workflow = parse(text) as Workflow;
  const job = workflow.jobs[name]!;
  if (!doesJobRun(text, name, contexts)) throw new Error(`${name} does not run for this event`);
  const steps: Record<string, { outputs: Record<string, string> }> = {};
  const known = { ...contexts, steps };
  const files = join(dirname(root), 'runner');
  await rm(files, { recursive: true, force: true });
  await mkdir(files, { recursive: true });
  const [given, summary] = [join(files, 'output'), join(files, 'summary')];
  const ended = async (success: boolean): Promise<EndedJob> => ({
    success,
    output,
    outputs: filled(job.outputs, known),
    summary: await readFile(summary, 'utf8').catch(() => ''),
  });
  let output = '';
  let success = true;
  for (const step of job.steps) {
    if (!success && !step.if?.includes(NOT_CANCELLED)) continue;
    if (!isTrue(step.if, known)) continue;
    if (step.run === undefined) await act(root, step);
    if (step.run === undefined || step.run === 'npm ci') continue;
    await writeFile(given, '');
    const child = startChild('bash', ['-e', '-c', step.run], {
      cwd: root,
      env: userEnvironment({
        GITHUB_ACTIONS: 'true',
        GITHUB_OUTPUT: given,
        GITHUB_STEP_SUMMARY: summary,
        ...variables,
        ...filled({ ...workflow.env, ...step.env }, known),
      }),
    });
    const { exitCode, output: said } = await child.ended;
    output += said;
    if (step.id) steps[step.id] = { outputs: parseOutputs(await readFile(given, 'utf8')) };
    if (exitCode !== 0) success = false;
  }
  return ended(success);
}

/** Without it, a condition is one of a job or step before which nothing failed. */
const NOT_CANCELLED = '!cancelled()';
/** Whoever runs one job after the other ends with the first that fails. */
const NOT_FAILED = '!failure()';

/** Whether a job runs, as far as its own condition says. */
export function doesJobRun(text: string, name: string, contexts: WorkflowContexts): boolean {
  return isTrue((parse(text) as Workflow).jobs[name]!.if, contexts);
}

/** The values of a job's matrix of one dimension, which an earlier job gave as JSON. */
export function matrixOf(text: string, name: string, contexts: WorkflowContexts): string[] {
  const { strategy } = (parse(text) as Workflow).jobs[name]!;
  const [value = ''] = Object.values(strategy?.matrix ?? {});
  const [, path] = /^\$\{\{ fromJSON\(([\w.-]+)\) \}\}$/.exec(value) ?? [];
  if (path === undefined) throw new Error(`unknown matrix ${value}`);
  return JSON.parse(valueOf(path, contexts)) as string[];
}

/** `name=value`, or several lines between `name<<END` and `END`. */
function parseOutputs(text: string): Record<string, string> {
  const outputs: Record<string, string> = {};
  const lines = text.split('\n');
  while (lines.length > 0) {
    const [, name = '', how, rest] = /^([\w-]+)(=|<<)(.*)$/.exec(lines.shift()!) ?? [];
    if (how === '=') outputs[name] = rest!;
    else if (how === '<<') outputs[name] = lines.splice(0, lines.indexOf(rest!)).join('\n');
  }
  return outputs;
}

function filled(values: Record<string, string> | undefined, contexts: WorkflowContexts) {
  const entries = Object.entries(values ?? {});
  return Object.fromEntries(entries.map(([key, value]) => [key, fill(value, contexts)]));
}

/** Where `actions/upload-artifact` of {@link runJob} keeps what a job gives away. */
export function artifactFolder(root: string, name: string): string {
  return join(dirname(root), 'artifacts', name);
}

/** The newest cache of a key's start is the only one that is kept. */
async function act(root: string, { uses = '', with: given = {} }: Step): Promise<void> {
  const action = uses.replace(/@.*/, '');
  if (action === 'actions/checkout' || action === 'actions/setup-node') return;
  const path = String(given['path']);
  if (action === 'actions/upload-artifact') {
    await keepArtifact(join(root, path), artifactFolder(root, String(given['name'])), given);
    return;
  }
  const [here, kept] = [join(root, path), join(dirname(root), 'caches', path)];
  const [from, to] = action === 'actions/cache/save' ? [here, kept] : [kept, here];
  if (!action.startsWith('actions/cache/')) throw new Error(`unknown action ${uses}`);
  const content = await readFile(from, 'utf8').catch(() => undefined);
  if (content === undefined) return;
  await mkdir(dirname(to), { recursive: true });
  await writeFile(to, content);
}

/** @throws if there is no such folder, unless the step says that this is no error. */
async function keepArtifact(
  from: string,
  to: string,
  { overwrite, 'if-no-files-found': missing }: Record<string, unknown>,
): Promise<void> {
  const isThere = existsSync(from);
  if (!isThere && missing === 'error') throw new Error(`no files found at ${from}`);
  if (existsSync(to) && !overwrite) throw new Error(`there is an artifact ${to} already`);
  if (!isThere) return;
  await rm(to, { recursive: true, force: true });
  await cp(from, to, { recursive: true });
}

/** `a == 'b' && c != d` */
function isTrue(condition: string | undefined, contexts: WorkflowContexts): boolean {
  if (condition === undefined) return true;
  return condition.split(' && ').every((one) => {
    // Nothing cancels a run here.
    if (one === NOT_CANCELLED || one === NOT_FAILED) return true;
    const [, path, operator, text, other] =
      /^([\w.-]+) (==|!=) (?:'([^']*)'|([\w.-]+))$/.exec(one) ?? [];
    if (path === undefined) throw new Error(`unknown condition ${one}`);
    const wanted = text ?? valueOf(other!, contexts);
    return (valueOf(path, contexts) === wanted) === (operator === '==');
  });
}

/** The text with each `${{ name.of.value }}` replaced; what is not there is empty. */
function fill(text: string, contexts: WorkflowContexts): string {
  return text.replace(/\$\{\{ (.+?) \}\}/g, (_, path: string) => {
    if (!/^[\w.-]+$/.test(path)) throw new Error(`unknown expression ${path}`);
    return valueOf(path, contexts);
  });
}

function valueOf(path: string, contexts: WorkflowContexts): string {
  let value: unknown = contexts;
  for (const key of path.split('.')) value = (value as Record<string, unknown> | undefined)?.[key];
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}
