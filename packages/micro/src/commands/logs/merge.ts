import { byTime, type LogLine } from './log-line';

/** Lines that come from several places at once, told in the order in which they were written. */
export class LogMerge {
  private waiting: { line: LogLine; arrived: number }[] = [];

  constructor(
    /** How long a line waits for older ones, in milliseconds. */
    private readonly patience: number,
    private readonly tell: (line: LogLine) => void,
  ) {}

  add(line: LogLine, now: number): void {
    this.waiting.push({ line, arrived: now });
  }

  /** Tells the lines that waited long enough, and all that are older than one of those. */
  flush(now: number): void {
    const sorted = this.waiting.sort((a, b) => byTime(a.line, b.line));
    const last = sorted.findLastIndex(({ arrived }) => arrived + this.patience <= now);
    this.waiting = sorted.slice(last + 1);
    for (const { line } of sorted.slice(0, last + 1)) this.tell(line);
  }

  end(): void {
    this.flush(Infinity);
  }
}
