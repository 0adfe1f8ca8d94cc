/** A link or a picture; also a fenced block or a code span, since what looks like a link in there is none. */
const LINK =
  /^```[^]*?^```$|(`+)[^`]*\1|(?<image>!?)\[(?<text>[^\]]*)\]\((?<target>[^)\s]+)\)(?<end>\n*)/gm;

/** A part of the same page, or an address. */
const IS_WHOLE = /^(?:#|[a-z][a-z+.-]*:)/i;

/**
 * The root's README as the package's own. Files of the repository are not in the package, and package.json
 * says of no place where they are: a link to one becomes its text, a picture is left out.
 */
export function packageReadme(readme: string): string {
  return readme.replace(LINK, (all: string, ...rest: unknown[]) => {
    const { image, text, target, end } = rest.at(-1) as Record<string, string | undefined>;
    if (target === undefined || IS_WHOLE.test(target)) return all;
    return image ? '' : `${text}${end}`;
  });
}
