const DATASTORES = ['[]', '[postgres]', '[redis]', '[postgres, redis]', '[mariadb]'];

/** A description of at least eight services that each call three others, in every direction. */
export function linkedPlatform(count: number): string {
  const name = (index: number) => `service-${(index + count) % count}`;
  const services = Array.from({ length: count }, (_, index) => {
    const consumes = [1, 2, -5].map((step) => name(index + step)).join(', ');
    const datastores = DATASTORES[index % DATASTORES.length];
    return `  ${name(index)}: { consumes: [${consumes}], datastores: ${datastores} }`;
  });
  return ['services:', ...services, ''].join('\n');
}
