import { processRunner } from '../effects/process';
import { deployTask } from '../executors/deploy-task';
import { deployRun } from '../executors/kubernetes-deploy/deploy-run';
import { momentRunner, type ProcessMoment } from './moment-runner';

/** A deploy to a cluster in a process of its own, so that it can be killed: workspace, service, options and moment as JSON. */
const [root = '', service = '', options = '{}', moment = '{}'] = process.argv.slice(2);

void deployTask(
  deployRun,
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
  momentRunner(processRunner(root), JSON.parse(moment) as ProcessMoment),
).then(({ success }) => process.exit(success ? 0 : 1));
