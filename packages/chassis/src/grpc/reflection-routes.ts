import {
  createFileRegistry,
  fromJsonString,
  toJsonString,
  type DescFile,
  type MessageInitShape,
} from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';
import { Code, type ConnectRouter } from '@connectrpc/connect';
import { abortable } from '../context/deadline.js';
import { DescribedFiles, encodeWithImports } from './described-files.js';
import {
  file_grpc_reflection_v1_reflection as V1,
  ServerReflection,
  type ServerReflectionRequest,
  type ServerReflectionResponseSchema,
} from './reflection_pb.js';

type Answer = NonNullable<
  MessageInitShape<typeof ServerReflectionResponseSchema>['messageResponse']
>;

/**
 * The standard reflection service: https://grpc.io/docs/guides/reflection/. It tells tools what the services of the
 * router consist of, so that they need no `.proto` file. Call it after all others are registered.
 */
export function reflectionRoutes(router: ConnectRouter): void {
  const versions = [ServerReflection, v1alpha()];
  const services = [...new Set(router.handlers.map(({ service }) => service)), ...versions];
  const files = new DescribedFiles(services);
  const names = services.map(({ typeName }) => ({ name: typeName }));
  for (const version of versions) {
    router.service(version, {
      async *serverReflectionInfo(requests, { signal }) {
        const iterator = requests[Symbol.asyncIterator]();
        for (;;) {
          // Tools may keep the stream open: a stop must not wait for what they ask next.
          const next = await abortable(iterator.next(), signal);
          if (next.done) return;
          const request = next.value;
          yield {
            validHost: request.host,
            originalRequest: request,
            messageResponse: answer(request.messageRequest, files, names),
          };
        }
      },
    });
  }
}

export function isReflection(typeName: string): boolean {
  return /^grpc\.reflection\.v1(?:alpha)?\.ServerReflection$/.test(typeName);
}

/** The same under its former name, which older tools ask. */
function v1alpha(): typeof ServerReflection {
  const text = toJsonString(FileDescriptorProtoSchema, V1.proto);
  const renamed = text.replaceAll(/(?<=reflection[./])v1\b/g, 'v1alpha');
  const file = fromJsonString(FileDescriptorProtoSchema, renamed);
  const registry = createFileRegistry(file, () => undefined);
  return registry.getService('grpc.reflection.v1alpha.ServerReflection') as typeof ServerReflection;
}

function answer(
  asked: ServerReflectionRequest['messageRequest'],
  files: DescribedFiles,
  services: { name: string }[],
): Answer {
  switch (asked.case) {
    case 'listServices':
      return { case: 'listServicesResponse', value: { service: services } };
    case 'fileByFilename':
      return described(files.named(asked.value), asked.value);
    case 'fileContainingSymbol':
      return described(files.declaring(asked.value), asked.value);
    case 'fileContainingExtension': {
      const { containingType, extensionNumber } = asked.value;
      const file = files.extending(containingType, extensionNumber);
      return described(file, `${containingType}, ${extensionNumber}`);
    }
    case 'allExtensionNumbersOfType': {
      const numbers = files.extensionNumbers(asked.value);
      if (!numbers) return described(undefined, asked.value);
      const value = { baseTypeName: asked.value, extensionNumber: [...numbers] };
      return { case: 'allExtensionNumbersResponse', value };
    }
    case undefined:
      return refused(Code.InvalidArgument, 'the request asks for nothing');
  }
}

function described(file: DescFile | undefined, what: string): Answer {
  if (!file) return refused(Code.NotFound, `not found: ${what}`);
  const value = { fileDescriptorProto: encodeWithImports(file) };
  return { case: 'fileDescriptorResponse', value };
}

function refused(errorCode: Code, errorMessage: string): Answer {
  return { case: 'errorResponse', value: { errorCode, errorMessage } };
}
