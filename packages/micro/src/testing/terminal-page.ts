/** Colours of a dark terminal, by the code that begins them. */
const STYLES: Readonly<Record<string, string>> = {
  1: 'font-weight:700',
  2: 'color:#8b949e',
  31: 'color:#ff7b72',
  32: 'color:#56d364',
  33: 'color:#e3b341',
  34: 'color:#79c0ff',
  35: 'color:#d2a8ff',
  36: 'color:#76e3ea',
};

/** A page that shows a command and its output, with its colours, as a terminal does. */
export function terminalPage(command: string, output: string): string {
  const text = output
    .replaceAll('<', '&lt;')
    // eslint-disable-next-line no-control-regex -- that is how colours begin and end
    .replace(/\u001b\[(\d+)m/g, (_, code: string) =>
      STYLES[code] ? `<span style="${STYLES[code]}">` : '</span>',
    );
  return `<body style="margin:0"><pre style="display:inline-block;margin:0;padding:16px 20px;background:#0d1117;color:#e6edf3;font:13px/1.5 'DejaVu Sans Mono',monospace">$ ${command}\n${text}</pre></body>`;
}
