const DATASTORES = ['[]', '[postgres]', '[redis]', '[postgres, redis]', '[mariadb]'];

const EVENTS = `events:
  stock.changed:
    publisher: service-1
    subscribers: [service-2, service-3]
    fields: { item: uuid, left: int }
  stock.empty: { publisher: service-3, subscribers: [service-1] }
`;

/**
 * A description of at least eight services that each call three others, in every direction; the
 * first is a gateway, and some have events.
 */
export function linkedPlatform(count: number): string {
  const name = (index: number) => `service-${(index + count) % count}`;
  const services = Array.from({ length: count }, (_, index) => {
    const consumes = [1, 2, -5].map((step) => name(index + step)).join(', ');
    const datastores = DATASTORES[index % DATASTORES.length];
    const edge = index === 0 ? 'kind: gateway' : `routes: [/api/${name(index)}]`;
    return `  ${name(index)}: { consumes: [${consumes}], datastores: ${datastores}, ${edge} }`;
  });
  return ['services:', ...services, EVENTS].join('\n');
}
