import { expect, it } from 'vitest';
import { mountedFiles, type MountedFile } from './mounted-files';

const SCOPE = { platform: 'acme', environment: 'production', namespace: 'acme-production' };
const file = (path: string, content: Buffer | string = path): MountedFile => ({
  ...{ file: `observability/grafana/${path}`, path, content: Buffer.from(content) },
});
const one = (...files: MountedFile[]) =>
  mountedFiles(SCOPE, 'grafana', [{ target: '/etc/grafana', files }]);

it('shows each file at the path that it has with Compose', () => {
  const { objects, volumes, mounts } = one(file('a.yml'), file('datasources/b c.yml'));
  expect(objects).toMatchObject([
    {
      metadata: { name: 'grafana-files-0', labels: { 'app.kubernetes.io/name': 'grafana' } },
      data: { 'a.yml': 'a.yml', 'datasources..b_c.yml': 'datasources/b c.yml' },
    },
  ]);
  expect(volumes).toEqual([
    {
      name: 'files-0',
      configMap: {
        name: 'grafana-files-0',
        items: [
          { key: 'a.yml', path: 'a.yml' },
          { key: 'datasources..b_c.yml', path: 'datasources/b c.yml' },
        ],
      },
    },
  ]);
  expect(mounts).toEqual([{ name: 'files-0', mountPath: '/etc/grafana', readOnly: true }]);
});

it('mounts a single file as one', () => {
  const { objects, mounts } = mountedFiles(SCOPE, 'loki', [
    {
      target: '/etc/loki.yml',
      files: [{ file: 'observability/loki.yml', path: '', content: Buffer.from('a') }],
    },
  ]);
  expect(objects[0]!.data).toEqual({ 'loki.yml': 'a' });
  expect(mounts).toEqual([
    { name: 'files-0', mountPath: '/etc/loki.yml', subPath: 'loki.yml', readOnly: true },
  ]);
});

it('loses no file whose key another one has', () => {
  const { objects } = one(file('a b'), file('a_b'));
  expect(objects[0]!.data).toEqual({ 'file-0': 'a b', 'file-1': 'a_b' });
});

it('keeps what is no text', () => {
  const [object] = one(file('logo.png', Buffer.from([0x89, 0xff]))).objects;
  expect(object).toMatchObject({ data: {}, binaryData: { 'logo.png': 'if8=' } });
});
