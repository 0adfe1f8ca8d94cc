/** Packed packages and patches lie beside the package.json of the image: `vendor/acme-1.0.0.tgz` as `vendor-acme-1.0.0.tgz`. */
export function flatName(path: string): string {
  return path.replace(/^[./]+/, '').replaceAll('/', '-');
}
