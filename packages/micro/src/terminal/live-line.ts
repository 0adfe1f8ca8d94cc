/** What a terminal prints with, and how wide it is; `process.stdout` is one. */
interface Terminal {
  write: (text: string) => unknown;
  columns?: number;
}

/** Lines on a terminal, of which the last can be one that the next replaces. */
export function liveLines(terminal: Terminal): {
  say: (line: string) => void;
  show: (line: string) => void;
  /** Removes a line that is only shown. */
  clear: () => void;
} {
  let isShown = false;
  const clear = () => {
    if (isShown) terminal.write('\r\u001b[2K');
    isShown = false;
  };
  return {
    clear,
    say: (line) => {
      clear();
      terminal.write(`${line}\n`);
    },
    show: (line) => {
      clear();
      // What wraps could not be removed. A terminal that does not know its width says 0.
      const { columns = 0 } = terminal;
      terminal.write(line.slice(0, (columns === 0 ? 80 : columns) - 1));
      isShown = true;
    },
  };
}
