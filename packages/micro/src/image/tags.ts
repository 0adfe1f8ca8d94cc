import { isImageTag, toImageTag } from '../platform/image-reference';
import { UserError } from '../platform/user-error';
import { keyTag } from './image-key';

/** What a tag template may name; values come from git and the service's package.json. */
export interface TagValues {
  key: string;
  commit?: string;
  branch?: string;
  version?: string;
}

/** A tag, and whether it may ever name another image. */
export interface ImageTag {
  tag: string;
  immutable: boolean;
}

const TOKENS: Record<
  string,
  { immutable: boolean; value: (values: TagValues) => string | undefined }
> = {
  key: { immutable: true, value: ({ key }) => keyTag(key) },
  commit: { immutable: true, value: ({ commit }) => commit },
  shortCommit: { immutable: true, value: ({ commit }) => commit?.slice(0, 7) },
  branch: { immutable: false, value: ({ branch }) => branch },
  version: { immutable: true, value: ({ version }) => version && toImageTag(version) },
  major: { immutable: false, value: ({ version }) => version?.split('.')[0] },
  minor: { immutable: false, value: ({ version }) => version?.split('.').slice(0, 2).join('.') },
};

/** A tag may have this many characters. */
const LONGEST = 128;

/**
 * Fills a template such as `v{version}` or `{branch}`. A tag is immutable if a key, a commit or a
 * whole version is in it. A branch becomes what a tag may hold, `feature/login` -> `feature-login`,
 * and is cut off if the tag would be too long.
 *
 * @throws {UserError} for an unknown token, one without a value here, or a result that is no tag.
 */
export function fillTag(template: string, values: TagValues): ImageTag {
  const parts = template.split(/(\{\w+\})/).map((text) => readPart(template, text, values));
  const room =
    LONGEST - parts.reduce((sum, part) => sum + (part.isBranch ? 0 : part.text.length), 0);
  const branches = parts.filter(({ isBranch }) => isBranch).length;
  const tag = parts
    .map(({ text, isBranch }) => (isBranch ? text.slice(0, Math.floor(room / branches)) : text))
    .join('');
  if (!isImageTag(tag)) {
    throw new UserError(
      `tag "${template}" gives "${tag}", which is not a tag: letters, digits, "_", "." and "-", ${LONGEST} at most`,
    );
  }
  return { tag, immutable: parts.some(({ immutable }) => immutable) };
}

interface Part {
  text: string;
  immutable: boolean;
  isBranch: boolean;
}

function readPart(template: string, text: string, values: TagValues): Part {
  const name = /^\{(\w+)\}$/.exec(text)?.[1];
  if (name === undefined) return { text, immutable: false, isBranch: false };
  const token = TOKENS[name];
  if (!token) {
    const known = Object.keys(TOKENS).map((one) => `{${one}}`);
    throw new UserError(
      `tag "${template}": unknown token {${name}}; known are ${known.join(', ')}`,
    );
  }
  const value = token.value(values);
  if (!value) throw new UserError(`tag "${template}": {${name}} has no value: ${WHY_NONE[name]}`);
  if (name !== 'branch') return { text: value, immutable: token.immutable, isBranch: false };
  const asTag = toImageTag(value);
  if (!/[A-Za-z0-9]/.test(asTag)) {
    throw new UserError(
      `tag "${template}": the branch "${value}" has no letter or digit that a tag may contain; use {shortCommit} instead of {branch}`,
    );
  }
  return { text: asTag, immutable: false, isBranch: true };
}

const NO_COMMIT = 'this is not a git repository with a commit; use {key}';
const NO_VERSION =
  'there is no "version" in the package.json of the service; add one, or use {key}';

const WHY_NONE: Record<string, string> = {
  key: 'the image has no key',
  commit: NO_COMMIT,
  shortCommit: NO_COMMIT,
  branch:
    'git is on no branch (a CI system checks a commit out) and no variable such as GITHUB_REF_NAME, CI_COMMIT_REF_NAME or BRANCH_NAME names one. Set BRANCH_NAME=<branch>, or use {shortCommit}',
  version: NO_VERSION,
  major: NO_VERSION,
  minor: NO_VERSION,
};
