import { describe, expect, it } from 'vitest';
import { SpawnError } from '../../effects/process';
import { LABELS } from '../../platform/image-labels';
import { BUILD_RECEIPT } from '../../testing/build-receipt';
import { failure, type Answer } from '../../testing/recording-runner';
import { recordedTask } from '../../testing/service-task';
import { writeFiles } from '../../testing/temporary-workspace';
import { scanImage } from './scan-image';

const KEY = 'a'.repeat(64);
const IMAGE = `acme/orders:k-${'a'.repeat(32)}`;
const RECEIPT = 'dist/receipts/apps/orders/docker-scan.json';
const SARIF = 'dist/scans/apps/orders/docker-scan.sarif';
const BUILT = 'dist/receipts/apps/orders/docker-build.json';
const SBOM = 'dist/sboms/apps/orders/sbom.cdx.json';

const files: Record<string, string> = {
  [BUILT]: JSON.stringify(BUILD_RECEIPT),
  [SBOM]: '{}',
  'apps/orders/package.json': '{ "name": "orders" }',
};

const match = (id: string, severity: string, name = 'minimist') => ({
  vulnerability: { id, severity, fix: { versions: ['9.0.0'] } },
  artifact: { name, version: '1.0.0' },
});

interface Found {
  sbom?: object[];
  image?: object[];
  built?: string;
}

/** A machine with Grype, and no Trivy. */
const machine =
  ({ sbom = [], image = [], built = '2026-11-27T00:00:00Z' }: Found = {}): Answer =>
  (line, command) => {
    if (command.file.endsWith('trivy')) {
      throw new SpawnError(command, Object.assign(new Error('ENOENT'), { code: 'ENOENT' }));
    }
    if (line === 'grype version --output json') return { stdout: '{ "version": "0.121.2" }' };
    if (line === 'grype db status --output json') {
      return { stdout: JSON.stringify({ schemaVersion: 'v6.1.4', built }) };
    }
    if (line.startsWith('grype sbom:')) return { stdout: JSON.stringify({ matches: sbom }) };
    if (line.startsWith('grype docker:')) return { stdout: JSON.stringify({ matches: image }) };
    if (line === 'docker scout version') return failure("docker: 'scout' is not a docker command.");
    if (line.startsWith('docker image inspect')) {
      return {
        stdout: JSON.stringify({
          Id: 'sha256:1',
          Size: 1,
          Config: { Labels: { [LABELS.key]: KEY } },
        }),
      };
    }
    return undefined;
  };

/** The same, with another answer to commands that start with some words. */
const machineBut =
  (start: string, answer: ReturnType<Answer>): Answer =>
  (line, command) =>
    line.startsWith(start) ? answer : machine()(line, command);

const scans = (lines: readonly string[]) =>
  lines.filter((line) => /^(?:grype|trivy) (?:sbom:|docker:|sbom |image --format)/.test(line));

describe('scanImage', () => {
  it('takes the scanner that is there, updates its database, and scans the SBOM and the image', async () => {
    const task = recordedTask(files, machine());
    await scanImage(task, {});
    expect(task.runner.lines.filter((line) => !line.startsWith('docker'))).toEqual([
      'trivy image --download-db-only --quiet',
      'grype db update',
      'grype version --output json',
      'grype db status --output json',
      `grype sbom:${SBOM} --output json --quiet`,
      `grype docker:${IMAGE} --output json --quiet`,
    ]);
    expect(task.said[0]).toMatch(/orders.*scanned.*no known vulnerabilities {2}grype 0\.121\.2/);
    expect(JSON.parse(task.read(RECEIPT)!)).toMatchObject({
      kind: 'docker-scan',
      key: KEY,
      of: ['sbom', 'image'],
      scanner: 'grype',
      database: 'v6.1.4 of 2026-11-27T00:00:00Z',
      findings: [],
    });
    expect(JSON.parse(task.read(SARIF)!)).toMatchObject({ runs: [{ results: [] }] });
  });

  it('fails for what is severe, with a table, the receipt and the SARIF file', async () => {
    const sbom = [match('GHSA-a-b-c', 'Critical'), match('CVE-1', 'Low', 'ms')];
    const task = recordedTask(files, machine({ sbom }));
    await expect(scanImage(task, {})).rejects.toThrow(
      /^orders has 1 vulnerability of severity high or above, 1 of them with a fix/,
    );
    expect(task.said.slice(1)).toEqual([
      '  critical  GHSA-a-b-c  minimist 1.0.0  fixed in 9.0.0  service',
      '  others    1 low',
    ]);
    expect(task.read(RECEIPT)).toContain('GHSA-a-b-c');
    expect(task.read(SARIF)).toContain('GHSA-a-b-c');
  });

  it('scans again only if the image, the SBOM or the database changed, and judges each time', async () => {
    const sbom = [match('CVE-2021-1', 'High')];
    const task = recordedTask(files, machine({ sbom }));
    await expect(scanImage(task, {})).rejects.toThrow('1 vulnerability');
    const rerun = async (answer: Answer, more: Record<string, string> = {}) => {
      writeFiles(task.workspaceRoot, more);
      const { runner } = recordedTask({}, answer);
      const said: string[] = [];
      const ended = await scanImage({ ...task, runner, say: (line) => said.push(line) }, {}).then(
        () => 'done',
        (error: Error) => error.message,
      );
      return { scans: scans(runner.lines).length, said, ended };
    };
    const again = await rerun(machine({ sbom }));
    expect(again.scans).toBe(0);
    expect(again.said[0]).toMatch(/up to date.*1 high/);
    expect(again.ended).toContain('1 vulnerability');
    const accepted = await rerun(machine({ sbom }), {
      'scan-exceptions.yml':
        'exceptions:\n  - id: CVE-2021-1\n    reason: Not reachable.\n    until: 2026-12-31\n',
    });
    expect(accepted).toMatchObject({ scans: 0, ended: 'done' });
    expect(accepted.said[1]).toContain('accepted until 2026-12-31 (scan-exceptions.yml:2)');
    expect(task.read(SARIF)).toContain('Not reachable.');
    expect((await rerun(machine({ sbom, built: '2026-11-28T00:00:00Z' }))).scans).toBe(2);
    expect((await rerun(machine({ sbom, built: '2026-11-28T00:00:00Z' }))).scans).toBe(0);
    const otherSbom = { [SBOM]: '{ "components": [] }' };
    expect((await rerun(machine({ built: '2026-11-28T00:00:00Z' }), otherSbom)).scans).toBe(2);
    const otherImage = { [BUILT]: JSON.stringify({ ...BUILD_RECEIPT, key: 'b'.repeat(64) }) };
    expect((await rerun(machine({ built: '2026-11-28T00:00:00Z' }), otherImage)).scans).toBe(2);
  });

  it('downloads nothing with a database that is given, and scans only what it is asked to', async () => {
    const task = recordedTask(files, machine());
    await scanImage(task, { scanner: 'grype', databaseFolder: 'db', of: ['sbom'] });
    expect(task.runner.lines).toEqual([
      'grype version --output json',
      'grype db status --output json',
      `grype sbom:${SBOM} --output json --quiet`,
    ]);
    expect(task.runner.commands.at(-1)!.env).toMatchObject({
      GRYPE_DB_CACHE_DIR: `${task.workspaceRoot}/db`,
    });
  });

  it('asks Docker Scout if there is no other, which reads another SBOM and has no database', async () => {
    const sarif = { runs: [{ tool: { driver: { rules: [] } } }] };
    const scout: Answer = (line, command) => {
      if (command.file !== 'docker') {
        throw new SpawnError(command, Object.assign(new Error('ENOENT'), { code: 'ENOENT' }));
      }
      if (line === 'docker scout version') return { stdout: 'version: v1.21.0 (go1.26 - linux)\n' };
      if (line.startsWith('docker scout cves')) return { stdout: JSON.stringify(sarif) };
      return machine()(line, command);
    };
    const purl = 'pkg:npm/minimist@1.2.5';
    const sbom = { components: [{ name: 'minimist', version: '1.2.5', purl }] };
    const task = recordedTask({ ...files, [SBOM]: JSON.stringify(sbom) }, scout);
    await scanImage(task, {});
    expect(task.runner.lines.filter((line) => line.startsWith('docker scout cves'))).toEqual([
      'docker scout cves --format sarif sbom://dist/scans/apps/orders/sbom.json',
      `docker scout cves --format sarif local://${IMAGE}`,
    ]);
    expect(task.read('dist/scans/apps/orders/sbom.json')).toContain(purl);
    expect(JSON.parse(task.read(RECEIPT)!)).toMatchObject({
      scanner: 'docker-scout',
      version: '1.21.0',
      database: expect.stringMatching(/^asked on \d{4}-\d\d-\d\d$/) as string,
    });
    const again = recordedTask({}, scout);
    await scanImage({ ...task, runner: again.runner }, {});
    expect(again.runner.lines.filter((line) => line.startsWith('docker scout cves'))).toEqual([]);
  });

  it('goes on with the database that is there if it cannot be updated', async () => {
    const task = recordedTask(files, (line, command) =>
      line === 'grype db update' ? failure('no network') : machine()(line, command),
    );
    await scanImage(task, { scanner: 'grype' });
    expect(task.said[0]).toMatch(
      /^warning: the database of grype could not be updated: .*no network/s,
    );
  });

  it.each<[string, Answer, object, RegExp]>([
    [
      'there is no scanner',
      (_, command) => {
        throw new SpawnError(command, Object.assign(new Error('ENOENT'), { code: 'ENOENT' }));
      },
      {},
      /^neither trivy nor grype is on the PATH, and docker has no plugin scout/,
    ],
    [
      'it is another program',
      machine(),
      { scanner: 'snyk' },
      /^"scanner" is snyk: only trivy, grype, docker-scout/,
    ],
    [
      'it is not where it should be',
      machine(),
      { scanner: '/opt/trivy' },
      /there is no program \/opt\/trivy: install it, or correct "scanner"/,
    ],
    [
      'Docker has no such plugin',
      machine(),
      { scanner: 'docker-scout' },
      /there is no program docker-scout: install it, or correct "scanner"/,
    ],
    [
      'it keeps no database',
      machine(),
      { scanner: 'docker-scout', databaseFolder: 'db' },
      /^docker-scout has no database, it asks a service of Docker: remove "databaseFolder"/,
    ],
    [
      'it has no database',
      machineBut('grype db status', { stdout: '{}' }),
      { scanner: 'grype', databaseFolder: 'db' },
      /db has no database for grype/,
    ],
    [
      'it says that it has no database',
      machineBut('grype db status', failure('[0000] ERROR \x1b[31mdatabase does not exist\x1b[0m')),
      { scanner: 'grype', databaseFolder: 'db' },
      /db has no database for grype/,
    ],
    [
      'it fails',
      machineBut('grype sbom:', failure('a\n\x1b[31mb: cannot decode\x1b[0m')),
      {},
      /^"grype sbom:.*" failed:\n {2}a\n {2}b: cannot decode/,
    ],
    [
      'its report has another form',
      machineBut('grype sbom:', { stdout: '{ "vulnerabilities": [] }' }),
      {},
      /^the report of grype has an unknown form/,
    ],
  ])('says what to do if %s, and leaves no receipt', async (_, answer, options, message) => {
    const task = recordedTask(files, answer);
    await expect(scanImage(task, options)).rejects.toThrow(message);
    expect(task.read(RECEIPT)).toBeUndefined();
  });

  it.each([
    [BUILT, /^no image of "orders" was built yet: run nx docker-build orders/],
    [SBOM, /sbom\.cdx\.json is not there: the target that uses @org\/micro:build writes it/],
  ])('says what to do without %s', async (missing, message) => {
    const { [missing]: _, ...rest } = files;
    const task = recordedTask(rest, machine());
    await expect(scanImage(task, {})).rejects.toThrow(message);
    expect(scans(task.runner.lines)).toEqual([]);
  });

  it('scans nothing if an exception is wrong', async () => {
    const task = recordedTask(
      { ...files, 'scan-exceptions.yml': 'exceptions:\n  - id: CVE-1-2\n    until: tomorrow\n' },
      machine(),
    );
    await expect(scanImage(task, {})).rejects.toThrow(
      /^2 problems.*\n {2}scan-exceptions\.yml:2: .*reason.*\n {2}scan-exceptions\.yml:3: /,
    );
    expect(task.runner.lines).toEqual([]);
  });
});
