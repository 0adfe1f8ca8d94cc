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
  branch: { immutable: false, value: ({ branch }) => branch && toImageTag(branch) },
  version: { immutable: true, value: ({ version }) => version && toImageTag(version) },
  major: { immutable: false, value: ({ version }) => version?.split('.')[0] },
  minor: { immutable: false, value: ({ version }) => version?.split('.').slice(0, 2).join('.') },
};

/**
 * Fills a template such as `v{version}` or `{branch}`. A tag is immutable where a key, a commit or a
 * whole version is in it.
 *
 * @throws {UserError} for an unknown token, one without a value here, or a result that is no tag.
 */
export function fillTag(template: string, values: TagValues): ImageTag {
  let immutable = false;
  const tag = template.replace(/\{(\w+)\}/g, (_, name: string) => {
    const token = TOKENS[name];
    if (!token) {
      throw new UserError(
        `tag "${template}": unknown token {${name}}; known are ${Object.keys(TOKENS)
          .map((known) => `{${known}}`)
          .join(', ')}`,
      );
    }
    const value = token.value(values);
    if (!value) throw new UserError(`tag "${template}": {${name}} has no value (${WHERE[name]})`);
    immutable ||= token.immutable;
    return value;
  });
  if (!isImageTag(tag)) {
    throw new UserError(
      `tag "${template}" gives "${tag}", which is not a tag: letters, digits, "_", "." and "-", 128 at most`,
    );
  }
  return { tag, immutable };
}

const WHERE: Record<string, string> = {
  key: 'the image has no key',
  commit: 'no git commit yet',
  shortCommit: 'no git commit yet',
  branch: 'git is not on a branch',
  version: 'no version in the package.json of the service',
  major: 'no version in the package.json of the service',
  minor: 'no version in the package.json of the service',
};
