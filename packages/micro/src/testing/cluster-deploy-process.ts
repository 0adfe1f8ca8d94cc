import kubernetesDeployExecutor from '../executors/kubernetes-deploy/executor';

/** A deploy to a cluster in a process of its own, so that it can be killed: the workspace, the service, options as JSON. */
const [root = '', service = '', options = '{}'] = process.argv.slice(2);

void kubernetesDeployExecutor(
  { environment: 'cluster', ...(JSON.parse(options) as object) },
  {
    root,
    cwd: root,
    isVerbose: false,
    projectName: service,
    projectsConfigurations: { version: 2, projects: { [service]: { root: `apps/${service}` } } },
    nxJsonConfiguration: {},
    projectGraph: { nodes: {}, dependencies: {} },
  },
).then(({ success }) => process.exit(success ? 0 : 1));
