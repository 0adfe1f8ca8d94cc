import { DATASTORE_PURPOSES } from '../../platform/datastore';
import { MANIFEST_FILE } from '../../platform/manifest';
import type { Service } from '../../platform/platform';
import type { Datastores } from '../datastore-names';

/** Why datastores cannot be added to a service: it has others for the same purposes. */
export function otherEngines(service: Service, datastores: Datastores): string[] {
  return DATASTORE_PURPOSES.flatMap((purpose) => {
    const present = service.datastores[purpose];
    const wanted = datastores[purpose];
    if (present === undefined || wanted === undefined || present === wanted) return [];
    return [
      `"${service.name}" has ${present} as its ${purpose}: to change it, edit ${service.root}/${MANIFEST_FILE}; its data does not move by itself`,
    ];
  });
}
