import type { ContenderId } from '../contenders/contender.js';
import type { Site } from '../site.js';

/** One reading of one contender. */
export interface Reading {
  /** In the work's unit. */
  value: number;
  /** Images whose build ran to its end, and images that changed. */
  built?: number;
  changed?: number;
}

/** Something that is measured for every contender. */
export interface Work {
  id: string;
  title: string;
  group: 'time' | 'run' | 'floor';
  unit: 's' | 'ms';
  /** The ratio to the best peer that we aim for. */
  aim?: number;
  /** Runs before the first round whose readings are thrown away. */
  warmUps: number;
  /** Only for these; the others have no such thing, or it is the same as for `sameAs`. */
  contenders?: readonly ContenderId[];
  /** Work that is the same, command and starting state, for all but `contenders`. */
  sameAs?: string;
  /** Whether the images of the commit have to be there before. */
  needsImages: boolean;
  /** Once, before the first run, untimed. */
  open?: (site: Site) => Promise<void>;
  /** Before each run, untimed. */
  prepare?: (site: Site) => Promise<void>;
  measure: (site: Site) => Promise<Reading>;
  /** Once, after the last run, untimed. */
  close?: (site: Site) => Promise<void>;
}
