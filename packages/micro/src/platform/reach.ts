/** Whether there is a path from `from` to `to`, of any length. A node always reaches itself. */
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
