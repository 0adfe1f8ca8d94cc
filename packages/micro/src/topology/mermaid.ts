import type { ServiceNode, Topology } from './graph';

/** The platform as a Mermaid flow chart, which GitHub, GitLab and many editors draw. */
export function renderMermaid(topology: Topology): string {
  const { services, links, events, broker } = topology;
  const gateways = services.filter(({ kind }) => kind === 'gateway');
  const silent = services.filter(
    (node) => node.broker && node.publishes.length === 0 && node.subscribes.length === 0,
  );
  return [
    'flowchart LR',
    ...(gateways.length > 0 ? ['  outside([outside])'] : []),
    ...services.flatMap((node) => [
      `  ${serviceId(node.name)}${shapeOf(node)}`,
      ...node.datastores.map(
        ({ name, engine, purpose }) => `  ${id('store', name)}[("${engine}<br>${purpose}")]`,
      ),
    ]),
    ...(broker
      ? [
          ...(events.length > 0
            ? [
                `  subgraph ${BROKER}["${broker.name} (${broker.engine})"]`,
                ...events.map(({ name }) => `    ${id('event', name)}>"${name}"]`),
                '  end',
              ]
            : [`  ${BROKER}{{"${broker.name}<br>${broker.engine}"}}`]),
        ]
      : events.map(({ name }) => `  ${id('event', name)}>"${name}"]`)),
    ...gateways.map(({ name }) => `  outside --> ${serviceId(name)}`),
    ...links.map(
      ({ consumer, provider, routes }) =>
        `  ${serviceId(consumer)} ${arrow(routes)} ${serviceId(provider)}`,
    ),
    ...services.flatMap((node) =>
      node.datastores.map(({ name }) => `  ${serviceId(node.name)} --- ${id('store', name)}`),
    ),
    ...(broker ? silent.map(({ name }) => `  ${serviceId(name)} -.- ${BROKER}`) : []),
    ...events.flatMap(({ name, publishers, subscribers }) => [
      ...publishers.map(
        (service) => `  ${serviceId(service)} -. publishes .-> ${id('event', name)}`,
      ),
      ...subscribers.map((service) => `  ${id('event', name)} -.-> ${serviceId(service)}`),
    ]),
    '',
  ].join('\n');
}

const BROKER = 'platform_broker';

/** Behind a prefix no name is one of Mermaid's own words, such as `end`. */
function id(kind: string, name: string): string {
  return `${kind}_${name.replace(/[^a-z0-9]/gi, '_')}`;
}

function serviceId(name: string): string {
  return id('service', name);
}

function shapeOf({ name, kind, port, replicas }: ServiceNode): string {
  const label = `"${name}<br>:${port}${replicas > 1 ? ` ×${replicas}` : ''}"`;
  switch (kind) {
    case 'gateway':
      return `[/${label}\\]`;
    case 'worker':
      return `[[${label}]]`;
    case 'service':
      return `[${label}]`;
  }
}

function arrow(routes: readonly string[]): string {
  return routes.length === 0 ? '-->' : `-- "${routes.join('<br>')}" -->`;
}
