import { runKubectl, type Cluster } from '../../effects/cluster';
import { applyArguments, deleteArguments } from '../../kubernetes/kubectl';
import type { LiveObject } from '../../kubernetes/live-object';
import type { Scope } from '../../kubernetes/object';
import { bookName, bookObject, currentOf, parseBook } from '../../kubernetes/release-book';
import type { Shell } from '../shell';

/**
 * Lets the next deploy run the jobs of a service again, such as its migrations: each runs once, and the data may be from
 * before it did.
 */
export async function runJobsAgain(
  { shell, cluster, scope }: { shell: Shell; cluster: Cluster; scope: Scope },
  service: string,
): Promise<void> {
  const what = `the data of ${service} is restored, but its jobs will not run again with the next deploy`;
  const name = `configmap/${bookName(service)}`;
  const get = ['get', name, '--ignore-not-found', '--output', 'json'];
  const { stdout } = await runKubectl(cluster, get, what);
  const book = stdout.trim() === '' ? undefined : parseBook(JSON.parse(stdout) as LiveObject);
  const jobs = currentOf(book)?.jobs ?? [];
  if (!book || jobs.length === 0) return;
  await runKubectl(cluster, deleteArguments(jobs.map((job) => `job.batch/${job}`)), what);
  const releases = book.releases.map((release) => ({ ...release, jobs: [] }));
  const stdin = JSON.stringify(bookObject(scope, service, { ...book, releases }));
  await runKubectl(cluster, applyArguments, what, { stdin });
  shell.say(
    `${service}: the next deploy runs its jobs again, in case the data is from before them`,
  );
}
