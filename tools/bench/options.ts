import { parseArgs } from 'node:util';
import { LabError } from '../program.js';
import { CONTENDER_IDS, type ContenderId } from './contenders/contender.js';

export interface Options {
  rounds: number;
  /** Ids of works; all of them if empty. */
  only: string[];
  contenders: readonly ContenderId[];
  write: boolean;
  /** Makes the tables from the last run's readings, and measures nothing. */
  render: boolean;
}

export const USAGE = `usage: npm run bench [-- options]

  --rounds=5            readings per work and contender
  --only=line,start     only these works
  --contenders=a,b      of ${CONTENDER_IDS.join(', ')}
  --write               put the tables into docs/benchmarks.md (only from a whole run)
  --render              tables of the last run, without measuring

Every work starts from a defined state: this empties the engine's build cache again and again.
`;

/** @throws LabError for an unknown id. */
export function parseOptions(works: readonly string[]): Options | 'help' {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string', default: '5' },
      only: { type: 'string' },
      contenders: { type: 'string' },
      write: { type: 'boolean', default: false },
      render: { type: 'boolean', default: false },
      help: { type: 'boolean' },
    },
  });
  if (values.help) return 'help';
  const rounds = Number(values.rounds);
  if (!Number.isInteger(rounds) || rounds < 1) throw new LabError('--rounds is a whole number');
  const only = values.only?.split(',') ?? [];
  const contenders = values.contenders?.split(',') ?? [...CONTENDER_IDS];
  const unknown = [
    ...only.filter((id) => !works.includes(id)),
    ...contenders.filter((id) => !CONTENDER_IDS.includes(id as ContenderId)),
  ];
  if (unknown.length > 0) {
    throw new LabError(`not known: ${unknown.join(', ')}. Works: ${works.join(', ')}`);
  }
  return {
    rounds,
    only,
    contenders: contenders as ContenderId[],
    write: values.write,
    render: values.render,
  };
}
