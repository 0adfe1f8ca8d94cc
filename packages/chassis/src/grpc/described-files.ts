import {
  createRegistry,
  toBinary,
  type DescEnum,
  type DescExtension,
  type DescFile,
  type DescMessage,
  type DescService,
  type Registry,
} from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';

type Described = DescMessage | DescEnum | DescExtension | DescService;

/** The .proto files that services are declared in, with all that they import. */
export class DescribedFiles {
  readonly #files = new Map<string, DescFile>();
  readonly #symbols = new Map<string, DescFile>();
  readonly #types: Registry;

  constructor(services: readonly DescService[]) {
    for (const { file } of services) this.#add(file);
    this.#types = createRegistry(...this.#files.values());
    for (const type of this.#types) {
      for (const symbol of symbolsOf(type)) this.#symbols.set(symbol, type.file);
    }
  }

  /** @param name `inventory/v1/inventory.proto` */
  named(name: string): DescFile | undefined {
    return this.#files.get(name);
  }

  /** @param symbol the full name of a type, or of a method, field or value of one. */
  declaring(symbol: string): DescFile | undefined {
    return this.#symbols.get(symbol);
  }

  extending(typeName: string, number: number): DescFile | undefined {
    const message = this.#types.getMessage(typeName);
    return message && this.#types.getExtensionFor(message, number)?.file;
  }

  /** Undefined if there is no such message. */
  extensionNumbers(typeName: string): readonly number[] | undefined {
    if (!this.#types.getMessage(typeName)) return undefined;
    return [...this.#types]
      .filter((type) => type.kind === 'extension')
      .filter(({ extendee }) => extendee.typeName === typeName)
      .map(({ number }) => number);
  }

  #add(file: DescFile): void {
    if (this.#files.has(file.proto.name)) return;
    this.#files.set(file.proto.name, file);
    for (const imported of file.dependencies) this.#add(imported);
  }
}

/** `google.protobuf.FileDescriptorProto` of a file and of all that it imports, each once. */
export function encodeWithImports(file: DescFile): Uint8Array<ArrayBuffer>[] {
  const files = new Set([file]);
  // What is added while the set is read is read, too.
  for (const { dependencies } of files) for (const imported of dependencies) files.add(imported);
  return [...files].map(({ proto }) => toBinary(FileDescriptorProtoSchema, proto));
}

function symbolsOf(type: Described): string[] {
  const within = (names: readonly { name: string }[], scope = type.typeName) =>
    names.map(({ name }) => `${scope}.${name}`);
  switch (type.kind) {
    case 'service':
      return [type.typeName, ...within(type.methods)];
    case 'message':
      return [type.typeName, ...within(type.fields), ...within(type.oneofs)];
    case 'enum':
      // As in C++, values are siblings of their type.
      return [type.typeName, ...within(type.values, type.typeName.replace(/\.?[^.]+$/, ''))];
    case 'extension':
      return [type.typeName];
  }
}
