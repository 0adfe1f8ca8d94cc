/** A named volume that holds labels and no data: unlike a container, no nightly `prune` of a host removes it. */
export interface LabelledVolume {
  name: string;
  labels: Readonly<Record<string, string>>;
}

/** Makes a volume, or leaves one of that name as it is. */
export function createVolumeArguments({ name, labels }: LabelledVolume): string[] {
  return [
    ...['volume', 'create'],
    ...Object.entries(labels).flatMap(([label, value]) => ['--label', `${label}=${value}`]),
    name,
  ];
}

/** Prints one line of columns, with tabs between, of each volume with this label. */
export function listVolumesArguments(label: string, columns: readonly string[]): string[] {
  return ['volume', 'ls', '--filter', `label=${label}`, '--format', columns.join('\t')];
}

/** Prints the labels as JSON. */
export function volumeLabelsArguments(name: string): string[] {
  return ['volume', 'inspect', '--format', '{{json .Labels}}', name];
}

/** Removes volumes; one that is not there is no error. */
export function removeVolumesArguments(names: readonly string[]): string[] {
  return ['volume', 'rm', '--force', ...names];
}
