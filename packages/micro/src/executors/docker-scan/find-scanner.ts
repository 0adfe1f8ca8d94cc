import { resolve } from 'node:path';
import { SpawnError, type Runner } from '../../effects/process';
import { UserError } from '../../platform/user-error';
import { dockerScout } from '../../scan/docker-scout';
import { grype } from '../../scan/grype';
import {
  programName,
  SCANNER_NAMES,
  type Scanner,
  type ScannerPlace,
  type ScannerState,
} from '../../scan/scanner';
import { trivy } from '../../scan/trivy';
import { runScanner } from './run-scanner';

const SCANNERS: readonly Scanner[] = [trivy, grype, dockerScout];

export interface FoundScanner {
  scanner: Scanner;
  place: ScannerPlace;
  state: ScannerState;
}

interface Wanted {
  workspaceRoot: string;
  scanner: string | undefined;
  databaseFolder: string | undefined;
}

/** Tasks of one run share a runner, and update the database once. */
const found = new WeakMap<Runner, Map<string, Promise<FoundScanner>>>();

/**
 * The scanner, with its database up to date.
 *
 * @throws {UserError} if there is none, or it has no database.
 */
export function findScanner(
  runner: Runner,
  wanted: Wanted,
  say: (line: string) => void,
): Promise<FoundScanner> {
  const known = found.get(runner) ?? new Map<string, Promise<FoundScanner>>();
  found.set(runner, known);
  const key = JSON.stringify(wanted);
  const finding = known.get(key) ?? find(runner, wanted, say);
  known.set(key, finding);
  return finding;
}

async function find(
  runner: Runner,
  { workspaceRoot, scanner, databaseFolder }: Wanted,
  say: (line: string) => void,
): Promise<FoundScanner> {
  const folder = databaseFolder === undefined ? undefined : resolve(workspaceRoot, databaseFolder);
  for (const candidate of candidates(scanner)) {
    if (folder !== undefined && candidate.scanner.update === undefined) {
      if (scanner === undefined) continue;
      throw new UserError(
        `${candidate.scanner.name} has no database, it asks a service of Docker: remove "databaseFolder", or use trivy or grype`,
      );
    }
    const place = { program: candidate.program, databaseFolder: folder };
    const started = await start(runner, candidate.scanner, place, say);
    if (started) return { ...started, scanner: candidate.scanner, place };
    if (scanner !== undefined) {
      throw new UserError(`there is no program ${scanner}: install it, or correct "scanner"`);
    }
  }
  throw new UserError(
    'neither trivy nor grype is on the PATH, and docker has no plugin scout: install one of them, or set "scanner" to its path',
  );
}

function candidates(given: string | undefined): { scanner: Scanner; program: string }[] {
  if (given === undefined) {
    return SCANNERS.map((scanner) => ({ scanner, program: scanner.program }));
  }
  const scanner = SCANNERS.find(({ name }) => name === programName(given));
  if (scanner) {
    return [{ scanner, program: given === scanner.name ? scanner.program : given }];
  }
  throw new UserError(
    `"scanner" is ${given}: only ${SCANNER_NAMES.join(', ')} are known, by name or by a path that ends with it`,
  );
}

/** @returns `undefined` if there is no such program. */
async function start(
  runner: Runner,
  scanner: Scanner,
  place: ScannerPlace,
  say: (line: string) => void,
): Promise<{ state: ScannerState } | undefined> {
  try {
    if (scanner.isPlugin) {
      const [ask] = scanner.state(place);
      if (ask && (await runner.run(ask)).exitCode !== 0) return undefined;
    }
    if (place.databaseFolder === undefined && scanner.update) {
      await runScanner(runner, scanner.update(place)).catch((error: unknown) => {
        if (error instanceof SpawnError || !(error instanceof UserError)) throw error;
        // Without a network, the database of yesterday is better than none; without any, the next command ends it.
        say(`warning: the database of ${scanner.name} could not be updated: ${error.message}`);
      });
    }
    return { state: await readState(runner, scanner, place) };
  } catch (error) {
    if (error instanceof SpawnError && error.cause.code === 'ENOENT') return undefined;
    throw error;
  }
}

/** @throws {UserError} if there is no database: Grype then fails, and Trivy says nothing of one. */
async function readState(
  runner: Runner,
  scanner: Scanner,
  place: ScannerPlace,
): Promise<ScannerState> {
  try {
    const outputs: string[] = [];
    for (const command of scanner.state(place)) outputs.push(await runScanner(runner, command));
    return scanner.parseState(outputs);
  } catch (error) {
    if (error instanceof SpawnError) throw error;
    const reason = error instanceof UserError ? `\n${error.message}` : '';
    const what =
      place.databaseFolder === undefined
        ? `${place.program} has no database of vulnerabilities: let it download one, or set "databaseFolder"`
        : `${place.databaseFolder} has no database for ${scanner.name}: "databaseFolder" should be the folder that ${scanner.name} keeps its database in`;
    throw new UserError(what + reason);
  }
}
