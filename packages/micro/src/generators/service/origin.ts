/** Why a text is not the origin of a page, as the chassis takes it; `undefined` if it is one. */
export function originProblem(text: string): string | undefined {
  const { origin } = URL.canParse(text) ? new URL(text) : { origin: 'null' };
  if (text === '*' || text === origin) return undefined;
  const hint = origin === 'null' ? 'https://shop.example.com' : origin;
  return `"${text}" is not an origin: write scheme, host and port only, such as ${hint}`;
}
