import { z } from 'zod';
import { statusSchema } from '../../packages/micro/src/commands/status/document.js';
import { folderStatusSchema } from '../../packages/micro/src/commands/status/folder-document.js';
import { planDocumentSchema } from '../../packages/micro/src/deployment/plan-document.js';
import { descriptionSchema } from '../../packages/micro/src/generators/platform/description.js';
import { environmentSchema } from '../../packages/micro/src/platform/environment.js';
import { ecsPlanSchema } from '../../packages/micro/src/ecs/plan-document.js';
import { ecsSchema } from '../../packages/micro/src/platform/ecs-environment.js';
import { kubernetesSchema } from '../../packages/micro/src/platform/kubernetes-environment.js';
import { clusterPlanSchema } from '../../packages/micro/src/kubernetes/plan-document.js';
import { manifestSchema } from '../../packages/micro/src/platform/manifest.js';
import { EXCEPTIONS_FILE, exceptionsSchema } from '../../packages/micro/src/scan/exceptions.js';
import type { GeneratedFile } from './file.js';

/** JSON Schemas of the files that people write, for editors, in the draft that VS Code's YAML server supports. */
export function editorSchemas(): GeneratedFile[] {
  return [
    jsonSchema('service', 'service.yml', manifestSchema),
    jsonSchema(
      'environment',
      'environments/<name>.yml',
      z.union([environmentSchema, kubernetesSchema, ecsSchema]),
    ),
    jsonSchema('platform', 'platform.yml', descriptionSchema),
    jsonSchema('scan-exceptions', EXCEPTIONS_FILE, exceptionsSchema),
  ];
}

/** JSON Schemas of the commands' output for programs. */
export function outputSchemas(): GeneratedFile[] {
  return [
    jsonSchema('plan', 'compose-deploy --plan --json', planDocumentSchema),
    jsonSchema('kubernetes-plan', 'kubernetes-deploy --plan --json', clusterPlanSchema),
    jsonSchema('ecs-plan', 'ecs-deploy --plan --json', ecsPlanSchema),
    jsonSchema('status', 'micro status --json', statusSchema),
    jsonSchema('folder-status', 'micro status --folder --json', folderStatusSchema),
  ];
}

function jsonSchema(name: string, title: string, schema: z.ZodType): GeneratedFile {
  const { $schema, ...rest } = z.toJSONSchema(schema, {
    // For output, too: a later version may print more fields.
    io: 'input',
    target: 'draft-07',
    override: ({ jsonSchema }) => {
      // zod's bounds of integers and names of formats are of no use in an editor.
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
      if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
      if (jsonSchema.format === 'starts_with') delete jsonSchema.format;
    },
  });
  const $id = `https://unpkg.com/@org/micro/schemas/${name}.schema.json`;
  return {
    path: `packages/micro/schemas/${name}.schema.json`,
    text: `${JSON.stringify({ $schema, $id, title, ...rest }, null, 2)}\n`,
  };
}
