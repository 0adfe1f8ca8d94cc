export const ENVIRONMENTS_FOLDER = 'environments';

/** `environments/production.yml` */
export function environmentFile(name: string): string {
  return `${ENVIRONMENTS_FOLDER}/${name}.yml`;
}

/** The environment that a file of the folder declares: `production` of `production.yml`, none of `production.compose.yaml`. */
export function environmentOfFile(file: string): string | undefined {
  return /^([^.]+)\.yml$/.exec(file)?.[1];
}
