/** A link or a picture. Also fenced blocks and code spans, so that links inside of them are skipped. */
const LINK =
  /^```[^]*?^```$|(`+)[^`]*\1|(?<image>!?)\[(?<text>[^\]]*)\]\((?<target>[^)\s]+)\)(?<end>\n*)/gm;

/** An anchor on the same page, or an absolute address. */
const IS_WHOLE = /^(?:#|[a-z][a-z+.-]*:)/i;

/**
 * The root's README for the package. The package does not contain the other files of the repository, and package.json
 * has no address for them. So a link to one becomes its text, and a picture is left out.
 */
export function packageReadme(readme: string): string {
  return readme.replace(LINK, (all: string, ...rest: unknown[]) => {
    const { image, text, target, end } = rest.at(-1) as Record<string, string | undefined>;
    if (target === undefined || IS_WHOLE.test(target)) return all;
    return image ? '' : `${text}${end}`;
  });
}
