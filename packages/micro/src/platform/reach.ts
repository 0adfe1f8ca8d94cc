/** Whether `to` can be come to from `from`, in any number of steps; from itself in none. */
export function reaches(
  next: (name: string) => readonly string[],
  from: string,
  to: string,
): boolean {
  const seen = new Set<string>();
  const pending = [from];
  for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
    if (name === to) return true;
    if (seen.has(name)) continue;
    seen.add(name);
    pending.push(...next(name));
  }
  return false;
}
