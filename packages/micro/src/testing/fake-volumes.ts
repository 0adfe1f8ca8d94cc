import type { Answer } from './recording-runner';

/** The volumes of an engine: only their names and labels. */
export class FakeVolumes {
  readonly labels = new Map<string, Readonly<Record<string, string>>>();

  /** Answers commands about volumes; `undefined` for any other. */
  readonly answer: Answer = (_, { args }) => {
    const at = args.indexOf('volume');
    if (at < 0) return undefined;
    const rest = args.slice(at + 2);
    switch (args[at + 1]) {
      case 'create':
        return { stdout: `${this.#create(rest)}\n` };
      case 'ls':
        return { stdout: this.#list(rest.at(-1)!) };
      case 'rm':
        rest.forEach((name) => this.labels.delete(name));
        return {};
      case 'inspect':
        return { stdout: JSON.stringify(this.labels.get(rest.at(-1)!) ?? {}) };
      default:
        return undefined;
    }
  };

  #create(args: readonly string[]): string {
    const name = args.at(-1)!;
    const pairs = args.filter((_, index) => args[index - 1] === '--label');
    const labels = pairs.map((pair) => {
      const at = pair.indexOf('=');
      return [pair.slice(0, at), pair.slice(at + 1)];
    });
    // The engine leaves a volume as it is that is there.
    if (!this.labels.has(name)) {
      this.labels.set(name, Object.fromEntries(labels) as Record<string, string>);
    }
    return name;
  }

  #list(format: string): string {
    return [...this.labels]
      .map(([name, labels]) =>
        format
          .replace('{{.Name}}', name)
          .replace(/\{\{\.Label "([^"]*)"\}\}/g, (_, label: string) => labels[label] ?? ''),
      )
      .join('\n');
  }
}
