/**
 * A key of its own for every class, for JSON objects keyed by class name: names that occur more than
 * once get the 0-based index of their class, "crane (class 134)", so that no counts are lost.
 */
export function classKeys(classNames: readonly string[]): string[] {
  const counts = new Map<string, number>();
  for (const name of classNames) counts.set(name, (counts.get(name) ?? 0) + 1);
  const taken = new Set(classNames);
  return classNames.map((name, index) => {
    if (counts.get(name) === 1) return name;
    let key = `${name} (class ${index})`;
    while (taken.has(key)) key = `${key}'`;
    taken.add(key);
    return key;
  });
}
