import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { timestamp } from '../../effects/clock';
import { inspectImages } from '../../effects/engine';
import { fileReader, writeWhole } from '../../effects/files';
import { readReceipt, writeReceipt } from '../../effects/receipts';
import { findServiceProjects } from '../../effects/workspace-projects';
import { receiptFile, sbomFile, type BuildReceipt } from '../../image/receipt';
import { MANIFEST_FILE } from '../../platform/manifest';
import { PlatformError } from '../../platform/problem';
import { UserError } from '../../platform/user-error';
import { EXCEPTIONS_FILE, parseExceptions } from '../../scan/exceptions';
import { sortFindings, type Finding } from '../../scan/finding';
import { countBySeverity, findingRows, judge, whyFailed, type FailOn } from '../../scan/gate';
import { formatSarif } from '../../scan/sarif';
import {
  convertedSbomFile,
  sarifFile,
  scanReceiptSchema,
  type ScanReceipt,
} from '../../scan/scan-receipt';
import type { ScanSubject } from '../../scan/scanner';
import { formatColumns } from '../../terminal/columns';
import { formatSeconds, formatStep } from '../../terminal/step';
import { readBuild } from '../read-build';
import { requireSbom } from '../read-sbom';
import type { ServiceTask } from '../service-task';
import { findScanner, type FoundScanner } from './find-scanner';
import { runScanner } from './run-scanner';

/** Options as Nx gives them. */
export interface DockerScanOptions {
  environment?: string;
  scanner?: string;
  databaseFolder?: string;
  of?: ('sbom' | 'image')[];
  failOn?: FailOn;
  onlyFixed?: boolean;
}

/**
 * Scans what docker-build built, unless this content was scanned with this database, and judges what was found by the
 * options and exceptions of today.
 *
 * @throws {UserError} if a vulnerability is not accepted. The receipt and the SARIF file are written before.
 */
export async function scanImage(task: ServiceTask, options: DockerScanOptions): Promise<void> {
  const { workspaceRoot, service, runner, clock, say } = task;
  const started = clock.now();
  const read = fileReader(workspaceRoot);
  const { exceptions, problems } = parseExceptions(
    read(EXCEPTIONS_FILE),
    findServiceProjects(workspaceRoot, read).map(({ name }) => name),
  );
  if (problems.length > 0) throw new PlatformError(problems);
  const built = await readBuild(task);
  const of = (['sbom', 'image'] as const).filter((one) => options.of?.includes(one) ?? true);
  const sbom = of.includes('sbom') ? requireSbom(task) : undefined;
  const found = await findScanner(
    runner,
    { workspaceRoot, scanner: options.scanner, databaseFolder: options.databaseFolder },
    say,
  );
  const today = timestamp(clock).slice(0, 10);
  const file = receiptFile(service.root, 'docker-scan');
  const previous = await readReceipt(workspaceRoot, file, scanReceiptSchema);
  const subject = {
    kind: 'docker-scan' as const,
    service: service.name,
    key: built.key,
    of,
    ...(sbom === undefined ? {} : { sbom: createHash('sha256').update(sbom).digest('hex') }),
    scanner: found.scanner.name,
    version: found.state.version,
    // What a service in the internet knows is taken to be new each day.
    database: found.state.database ?? `asked on ${today}`,
  };
  const isKnown = previous !== undefined && isSame(previous, subject);
  const findings = isKnown ? previous.findings : await scan(task, found, built, of, sbom);
  await writeReceipt<ScanReceipt>(
    workspaceRoot,
    file,
    { ...subject, findings, since: timestamp(clock) },
    previous,
  );
  const rules = {
    service: service.name,
    failOn: options.failOn ?? 'high',
    onlyFixed: options.onlyFixed ?? false,
    exceptions,
    today,
  };
  const judged = judge(findings, rules);
  await writeWhole(
    join(workspaceRoot, sarifFile(service.root)),
    formatSarif({
      scanner: { name: found.scanner.name, version: found.state.version },
      service: service.name,
      file: `${service.root}/${MANIFEST_FILE}`,
      judged,
    }),
  );
  const counts = countBySeverity(findings.map(({ severity }) => severity));
  say(
    formatStep(
      service.name,
      isKnown ? 'up to date' : 'scanned',
      `${counts === '' ? 'no known vulnerabilities' : counts}  ${found.scanner.name} ${found.state.version}  ${formatSeconds(clock.now() - started)}`,
    ),
  );
  for (const line of formatColumns(findingRows(judged))) say(`  ${line}`);
  const failure = whyFailed(judged, rules);
  if (failure !== undefined) throw new UserError(failure);
}

function isSame(
  { findings: _findings, since: _since, ...previous }: ScanReceipt,
  subject: Omit<ScanReceipt, 'findings' | 'since'>,
): boolean {
  const sorted = (value: object) => JSON.stringify(Object.entries(value).sort());
  return sorted(previous) === sorted(subject);
}

async function scan(
  { workspaceRoot, runner, service }: ServiceTask,
  { scanner, place }: FoundScanner,
  built: BuildReceipt,
  of: readonly ('sbom' | 'image')[],
  sbom: string | undefined,
): Promise<Finding[]> {
  const findings: Finding[] = [];
  let file = sbomFile(service.root);
  if (sbom !== undefined && scanner.convertSbom) {
    file = convertedSbomFile(service.root);
    await writeWhole(join(workspaceRoot, file), scanner.convertSbom(sbom));
  }
  for (const foundIn of of) {
    if (foundIn === 'image' && !(await inspectImages(runner, [built.image])).has(built.image)) {
      throw new UserError(
        `${built.image} is not on this machine's engine: run nx docker-build ${service.name} with "load", or scan the SBOM only ("of": ["sbom"])`,
      );
    }
    const subject: ScanSubject =
      foundIn === 'sbom' ? { kind: 'sbom', file } : { kind: 'image', reference: built.image };
    const output = await runScanner(runner, scanner.scan(place, subject));
    findings.push(...parseFindings(scanner.name, () => scanner.parseFindings(output, foundIn)));
  }
  return sortFindings(findings);
}

/** A report that we cannot read must not count as one without findings. */
function parseFindings(name: string, parse: () => Finding[]): Finding[] {
  try {
    return parse();
  } catch (error) {
    throw new UserError(
      `the report of ${name} has an unknown form: ${(error as Error).message}. Use another version of ${name}`,
    );
  }
}
