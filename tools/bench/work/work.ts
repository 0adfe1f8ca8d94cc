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

/** One measured task, for every contender. */
export interface Work {
  id: string;
  title: string;
  group: 'time' | 'run' | 'floor';
  unit: 's' | 'ms';
  /** The ratio to the best peer that we want to reach. */
  aim?: number;
  /** Runs before the first round, whose readings are discarded. */
  warmUps: number;
  /** Measured for these only. The others cannot do it, or have the same reading as for `sameAs`. */
  contenders?: readonly ContenderId[];
  /** The work that is the same, in command and starting state, for all except `contenders`. */
  sameAs?: string;
  /** Whether the images of the commit must exist before. */
  needsImages: boolean;
  /** Runs once before the first run, untimed. */
  open?: (site: Site) => Promise<void>;
  /** Runs before each run, untimed. */
  prepare?: (site: Site) => Promise<void>;
  measure: (site: Site) => Promise<Reading>;
  /** Runs once after the last run, untimed. */
  close?: (site: Site) => Promise<void>;
}
