export const ENVIRONMENTS_FOLDER = 'environments';

/** `environments/production.yml` */
export function environmentFile(name: string): string {
  return `${ENVIRONMENTS_FOLDER}/${name}.yml`;
}

/** The environment of a file in the folder: `production` for `production.yml`, none for `production.compose.yaml`. */
export function environmentOfFile(file: string): string | undefined {
  return /^([^.]+)\.yml$/.exec(file)?.[1];
}
