import '../compile-cache';
import type { ExecutorContext } from '@nx/devkit';
import { runServiceTask } from '../service-task';
import { scanImage, type DockerScanOptions } from './scan-image';

/** Looks for known vulnerabilities in the image of a service. */
export default function dockerScanExecutor(options: DockerScanOptions, context: ExecutorContext) {
  return runServiceTask(context, (task) => scanImage(task, options));
}
