/** What `CONFIG GET` answers: names and values in turn. */
export type ServerSettings = readonly string[];

const SAFE: Readonly<Record<string, readonly [value: string, otherwise: string]>> = {
  appendonly: ['yes', 'it keeps events in memory only'],
  appendfsync: ['always', 'it confirms events before they are on the disk'],
  'maxmemory-policy': ['noeviction', 'it may remove events if it has no memory left'],
};

/** Settings of the server with which a confirmed event can be lost. */
export function durabilityProblems(settings: ServerSettings): string[] {
  const problems: string[] = [];
  for (let at = 0; at + 1 < settings.length; at += 2) {
    const [name, value] = [settings[at]!, settings[at + 1]!];
    const safe = SAFE[name];
    if (safe && value !== safe[0]) problems.push(`${name} is ${value}: ${safe[1]}`);
  }
  // Without a file, it does not matter when it is written.
  return problems.some((problem) => problem.startsWith('appendonly'))
    ? problems.filter((problem) => !problem.startsWith('appendfsync'))
    : problems;
}
