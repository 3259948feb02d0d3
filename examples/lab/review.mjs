// What the lab does with its two evaluation.json: compares them, prints one, and gates on the accuracy.

/**
 * Places where two JSON values differ, with both values; numbers have to be equal to the last digit.
 *
 * @returns {readonly string[]} empty when they agree
 */
export function differences(left, right, at = "") {
  const [a, b] = [members(left), members(right)];
  if (a === null || b === null)
    return Object.is(left, right) ? [] : [`${at}: ${JSON.stringify(left)} and ${JSON.stringify(right)}`];
  return [...new Set([...a.keys(), ...b.keys()])].flatMap((name) =>
    differences(a.get(name), b.get(name), at === "" ? name : `${at}.${name}`),
  );
}

const members = (value) =>
  typeof value === "object" && value !== null ? new Map(Object.entries(value)) : null;

/** Whether a model may be registered. Anything but a number is no accuracy: the gate stays closed. */
export function gate({ multiclass_classification_metrics: metrics }, minAccuracy) {
  const accuracy = metrics?.accuracy?.value;
  return { accuracy, passed: typeof accuracy === "number" && accuracy >= minAccuracy };
}

/** Lines of text: the measures, then each class with how many of its pictures were right and what they were taken for. */
export function describe({ multiclass_classification_metrics: metrics }) {
  const { confusion_matrix: matrix, ...measures } = metrics;
  const width = Math.max(...Object.keys(matrix).map((name) => name.length));
  return [
    Object.entries(measures)
      .map(([name, { value }]) => `${name} ${value.toFixed(4)}`)
      .join(", "),
    ...Object.entries(matrix).map(([actual, row]) => {
      const wrong = Object.entries(row).filter(([name, count]) => name !== actual && count > 0);
      const total = Object.values(row).reduce((sum, count) => sum + count, 0);
      const others = wrong.sort(([, a], [, b]) => b - a).map(([name, count]) => `${name} ${count}`);
      const taken = others.length === 0 ? "" : `   taken for ${others.join(", ")}`;
      return `${actual.padEnd(width)}  ${row[actual] ?? 0} of ${total}${taken}`;
    }),
  ];
}
