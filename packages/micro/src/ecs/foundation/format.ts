import { cdkStack } from './cdk';
import { cloudformationTemplate } from './cloudformation';
import type { Foundation } from './resources';
import { terraformFile } from './terraform';

/** What `micro render --format` can print: the same resources, for the tool that makes them. */
export const FOUNDATION_FORMATS = {
  cloudformation: cloudformationTemplate,
  terraform: terraformFile,
  cdk: cdkStack,
} satisfies Record<string, (foundation: Foundation) => string>;

export type FoundationFormat = keyof typeof FOUNDATION_FORMATS;

export function isFoundationFormat(text: string): text is FoundationFormat {
  return Object.hasOwn(FOUNDATION_FORMATS, text);
}
