import type { Clock } from './clock';

/** Seconds without a byte after which a person is told, and then between two such lines. */
const QUIET = 10;
const STILL_QUIET = 60;

/** What is said of bytes that go by; `since` is when the last one did, such as `12:00:05 UTC`. */
export interface FlowWords {
  /** On a terminal, each second. */
  progress: (bytes: number) => string;
  /** If nothing moves. */
  waiting: (bytes: number, since: string) => string;
}

interface Listener {
  clock: Clock;
  say: (line: string) => void;
  show?: ((line: string) => void) | undefined;
}

/** Tells a person about bytes as they go by, and if they do not, for how long, while `work` runs. */
export async function watchFlow<T>(
  { clock, say, show }: Listener,
  words: FlowWords,
  work: (onBytes: (count: number) => void) => Promise<T>,
): Promise<T> {
  let bytes = 0;
  let moved = clock.now();
  let tellAt = QUIET;
  const timer = setInterval(() => {
    const quiet = (clock.now() - moved) / 1000;
    if (quiet >= tellAt) {
      tellAt = quiet + STILL_QUIET;
      say(words.waiting(bytes, `${new Date(moved).toISOString().slice(11, 19)} UTC`));
    } else if (quiet < QUIET && bytes > 0) show?.(words.progress(bytes));
  }, 1000);
  timer.unref();
  try {
    return await work((count) => {
      bytes += count;
      moved = clock.now();
      tellAt = QUIET;
    });
  } finally {
    clearInterval(timer);
  }
}
