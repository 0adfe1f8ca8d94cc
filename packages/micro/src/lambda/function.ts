/** What is uploaded, relative to the folder of the function. */
export const ZIP_FILE = 'function.zip';
/** What is known of it: {@link FunctionFacts}. */
export const FACTS_FILE = 'function.json';

export const LAMBDA_FOLDER = 'dist/lambda';

/** `dist/lambda/apps/orders`: outside the artifact, whose files are in the image. */
export function lambdaFolder(projectRoot: string): string {
  return `${LAMBDA_FOLDER}/${projectRoot}`;
}

/** Lambda's limit for a zip that is uploaded directly: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
export const MAX_ZIP_BYTES = 50 * 1024 * 1024;

/** What tools need to create or update the function. */
export interface FunctionFacts {
  /** Lambda's name for the exported function. */
  handler: string;
  /** Lambda's name for the version of Node. */
  runtime: string;
  zip: string;
  bytes: number;
  /** SHA-256 of the zip, base64: Lambda calls the same value `CodeSha256`. */
  codeSha256: string;
}

/** `main.js` has the name that it has in an image. */
export const HANDLER = 'main.handler';
/** The version of the generated Dockerfiles. */
export const RUNTIME = 'nodejs24.x';
