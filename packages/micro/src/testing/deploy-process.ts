import { engineRunner } from '../effects/engine-runner';
import { deployRun } from '../executors/compose-deploy/deploy-run';
import { deployTask } from '../executors/deploy-task';
import { momentRunner, type ProcessMoment } from './moment-runner';

/** A deploy in a process of its own, so that it can be killed: workspace, service, options and moment, both as JSON. */
const [root = '', service = '', options = '{}', moment = '{}'] = process.argv.slice(2);

void deployTask(
  deployRun,
  { environment: 'development', ...(JSON.parse(options) as object) },
  {
    root,
    cwd: root,
    isVerbose: false,
    projectName: service,
    projectsConfigurations: { version: 2, projects: { [service]: { root: `apps/${service}` } } },
    nxJsonConfiguration: {},
    projectGraph: { nodes: {}, dependencies: {} },
  },
  momentRunner(engineRunner(root), JSON.parse(moment) as ProcessMoment),
).then(({ success }) => process.exit(success ? 0 : 1));
