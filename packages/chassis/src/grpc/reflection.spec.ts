import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { promisify } from 'node:util';
import {
  create,
  createFileRegistry,
  fromBinary,
  fromJson,
  type DescFile,
  type MessageInitShape,
} from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema, file_google_protobuf_timestamp } from '@bufbuild/protobuf/wkt';
import { Code, ConnectError, createClient } from '@connectrpc/connect';
import { createGrpcTransport } from '@connectrpc/connect-node';
import { afterEach, describe, expect, it } from 'vitest';
import { startShelf, type Shelf } from '../testing/shelf.js';
import { ShelfService } from '../testing/shelf_pb.js';
import { ServerReflection, ServerReflectionRequestSchema } from './reflection_pb.js';
import type { GrpcServerOptions } from './server.js';

const BUF = createRequire(import.meta.url).resolve('@bufbuild/buf/bin/buf');
const keys = { orders: 'k'.repeat(20) };
const started: Shelf[] = [];

afterEach(async () => {
  await Promise.all(started.splice(0).map(({ service }) => service.stop()));
});

async function shelf(options: Partial<GrpcServerOptions> = { development: true }): Promise<Shelf> {
  const one = await startShelf({ getBook: ({ title }) => ({ title, copies: 3 }) }, options);
  started.push(one);
  return one;
}

/** A real client of reflection, which has no .proto file. */
async function curl(version: 'v1' | 'v1alpha', ...args: string[]): Promise<string> {
  const options = ['--reflect', `--reflect-protocol=grpc-${version}`, '--protocol=grpc'];
  const run = promisify(execFile);
  const { stdout } = await run(process.execPath, [BUF, 'curl', ...options, ...args]);
  return stdout;
}

describe.each(['v1', 'v1alpha'] as const)('reflection %s', (version) => {
  it('lists the services', async () => {
    const { url } = await shelf();
    const names = (await curl(version, '--list-services', url)).trim().split('\n');
    expect(names).toEqual([
      'grpc.health.v1.Health',
      'grpc.reflection.v1.ServerReflection',
      'grpc.reflection.v1alpha.ServerReflection',
      'shelf.v1.ShelfService',
    ]);
  });

  it('describes the methods', async () => {
    const { url } = await shelf();
    const names = (await curl(version, '--list-methods', url)).trim().split('\n');
    for (const { name } of ShelfService.methods) {
      expect(names).toContain(`shelf.v1.ShelfService/${name}`);
    }
  });

  it('is enough to call one', async () => {
    const { url } = await shelf();
    const method = `${url}/shelf.v1.ShelfService/GetBook`;
    const answer = await curl(version, '--data', '{"title":"Emma"}', method);
    expect(JSON.parse(answer)).toEqual({ title: 'Emma', copies: 3 });
  });

  it('needs no key, which the call itself does', async () => {
    const { url } = await shelf({ development: true, keys });
    expect(await curl(version, '--list-services', url)).toContain('shelf.v1.ShelfService');
    const method = `${url}/shelf.v1.ShelfService/GetBook`;
    const refused = curl(version, '--data', '{"title":"Emma"}', method);
    await expect(refused).rejects.toThrow('"code": "unauthenticated"');
    const key = ['--header', `x-service-key: ${keys.orders}`];
    expect(await curl(version, ...key, '--data', '{"title":"Emma"}', method)).toContain('Emma');
  });

  it('is not there outside development', async () => {
    const { url } = await shelf({});
    await expect(curl(version, '--list-services', url)).rejects.toThrow('unimplemented');
  });
});

it('is UNIMPLEMENTED outside development for every client', async () => {
  const { url } = await shelf({});
  const { answers } = ask(url, { case: 'listServices', value: '' });
  const error = await answers.next().catch((thrown: unknown) => thrown);
  expect((error as ConnectError).code).toBe(Code.Unimplemented);
});

it('does not keep a stop waiting for a tool that stays connected', async () => {
  const { url, service } = await shelf();
  const { answers } = ask(url, { case: 'listServices', value: '' });
  expect((await answers.next()).done).toBe(false);
  const cut = answers.next().catch((thrown: unknown) => thrown);
  await service.stop();
  expect((await cut) as ConnectError).toBeInstanceOf(ConnectError);
});

describe('what is described', () => {
  it.each([
    ['a service', 'garage.v1.GarageService'],
    ['a method', 'garage.v1.GarageService.Park'],
    ['a message', 'garage.v1.Car'],
    ['a field', 'garage.v1.Car.built'],
    ['a choice', 'garage.v1.Car.owner'],
    ['a nested type', 'garage.v1.Car.Fuel'],
    ['a value, which is beside its type', 'garage.v1.Car.DIESEL'],
    ['an extension', 'garage.v1.seats'],
  ])('is found by the name of %s, with all that its file imports', async (_kind, symbol) => {
    const found = await files({ case: 'fileContainingSymbol', value: symbol });
    expect(found).toEqual(['garage/v1/garage.proto', 'google/protobuf/timestamp.proto']);
  });

  it('is found by the name of its file', async () => {
    const value = 'google/protobuf/timestamp.proto';
    expect(await files({ case: 'fileByFilename', value })).toEqual([value]);
  });

  it('is found by the number of an extension', async () => {
    const value = { containingType: 'garage.v1.Car', extensionNumber: 100 };
    const found = await files({ case: 'fileContainingExtension', value });
    expect(found[0]).toBe('garage/v1/garage.proto');
  });

  it('has the numbers of extensions', async () => {
    const answer = await garage({ case: 'allExtensionNumbersOfType', value: 'garage.v1.Car' });
    expect(answer).toMatchObject({
      case: 'allExtensionNumbersResponse',
      value: { baseTypeName: 'garage.v1.Car', extensionNumber: [100] },
    });
  });

  it.each([
    { case: 'fileByFilename', value: 'other.proto' },
    { case: 'fileContainingSymbol', value: 'garage.v1.Bicycle' },
    { case: 'fileContainingSymbol', value: 'garage.v1.Car.wings' },
    { case: 'allExtensionNumbersOfType', value: 'garage.v1.Bicycle' },
    {
      case: 'fileContainingExtension',
      value: { containingType: 'garage.v1.Car', extensionNumber: 7 },
    },
  ] as const)('says what is not there: $case $value', async (question) => {
    expect(await garage(question)).toMatchObject({
      case: 'errorResponse',
      value: { errorCode: Code.NotFound },
    });
  });
});

type Question = NonNullable<
  MessageInitShape<typeof ServerReflectionRequestSchema>['messageRequest']
>;

/** Asks one question, and leaves the stream open. */
function ask(url: string, question: Question) {
  const client = createClient(ServerReflection, createGrpcTransport({ baseUrl: url }));
  const request = create(ServerReflectionRequestSchema, { messageRequest: question });
  const done = new AbortController();
  async function* requests() {
    yield request;
    await new Promise((resolve) => done.signal.addEventListener('abort', resolve));
  }
  const answers = client.serverReflectionInfo(requests())[Symbol.asyncIterator]();
  return { answers, end: () => done.abort() };
}

/** The answer of a server with a service that has all kinds of declarations. */
async function garage(question: Question) {
  const { url } = await shelf({
    development: true,
    routes: (router) => void router.service(GARAGE.services[0]!, {}),
  });
  const { answers, end } = ask(url, question);
  const first = await answers.next();
  end();
  expect((await answers.next()).done).toBe(true);
  if (first.done) throw new Error('the stream ended without an answer');
  return first.value.messageResponse;
}

async function files(question: Question): Promise<string[]> {
  const answer = await garage(question);
  if (answer.case !== 'fileDescriptorResponse') throw new Error(`answered ${answer.case}`);
  return answer.value.fileDescriptorProto.map(
    (bytes) => fromBinary(FileDescriptorProtoSchema, bytes).name,
  );
}

const GARAGE: DescFile = createFileRegistry(
  fromJson(FileDescriptorProtoSchema, {
    name: 'garage/v1/garage.proto',
    package: 'garage.v1',
    syntax: 'proto2',
    dependency: ['google/protobuf/timestamp.proto'],
    messageType: [
      {
        name: 'Car',
        field: [
          {
            name: 'built',
            number: 1,
            label: 'LABEL_OPTIONAL',
            type: 'TYPE_MESSAGE',
            typeName: '.google.protobuf.Timestamp',
          },
          {
            name: 'person',
            number: 2,
            label: 'LABEL_OPTIONAL',
            type: 'TYPE_STRING',
            oneofIndex: 0,
          },
        ],
        oneofDecl: [{ name: 'owner' }],
        enumType: [{ name: 'Fuel', value: [{ name: 'DIESEL', number: 0 }] }],
        extensionRange: [{ start: 100, end: 200 }],
      },
    ],
    extension: [
      {
        name: 'seats',
        number: 100,
        label: 'LABEL_OPTIONAL',
        type: 'TYPE_INT32',
        extendee: '.garage.v1.Car',
      },
    ],
    service: [
      {
        name: 'GarageService',
        method: [{ name: 'Park', inputType: '.garage.v1.Car', outputType: '.garage.v1.Car' }],
      },
    ],
  }),
  (name) =>
    name === file_google_protobuf_timestamp.proto.name ? file_google_protobuf_timestamp : undefined,
).getFile('garage/v1/garage.proto')!;
