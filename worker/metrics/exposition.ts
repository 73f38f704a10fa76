/** One sample of a metric: its labels and its value. */
export interface Sample {
  labels?: Readonly<Record<string, string>>;
  value: number;
  /** Of a histogram: `_bucket`, `_sum` or `_count`. */
  suffix?: "_bucket" | "_sum" | "_count";
}

export interface Metric {
  name: string;
  help: string;
  type: "counter" | "gauge" | "histogram";
  samples: readonly Sample[];
}

/** Label values as the text format escapes them. */
const escaped = (value: string): string =>
  value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");

function line(name: string, { labels = {}, value, suffix }: Sample): string {
  const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escaped(text)}"`);
  return `${name}${suffix ?? ""}${pairs.length === 0 ? "" : `{${pairs.join(",")}}`} ${value}`;
}

/** Prometheus's text exposition format 0.0.4. Metrics without samples are left out. */
export function exposition(metrics: readonly Metric[]): string {
  const lines = metrics
    .filter(({ samples }) => samples.length > 0)
    .flatMap(({ name, help, type, samples }) => [
      `# HELP ${name} ${help.replaceAll("\\", "\\\\").replaceAll("\n", "\\n")}`,
      `# TYPE ${name} ${type}`,
      ...samples.map((sample) => line(name, sample)),
    ]);
  return `${lines.join("\n")}\n`;
}

/**
 * A histogram's samples from counts per bucket, the last one for everything above the bounds.
 *
 * @param bounds upper bounds, inclusive, rising
 * @param counts one more than bounds; not cumulative
 */
export function histogram(
  labels: Readonly<Record<string, string>>,
  bounds: readonly number[],
  counts: readonly number[],
  sum: number,
): Sample[] {
  let total = 0;
  const buckets = [...bounds.map(String), "+Inf"].map((le, index): Sample => {
    total += counts[index] ?? 0;
    return { suffix: "_bucket", labels: { ...labels, le }, value: total };
  });
  return [...buckets, { suffix: "_sum", labels, value: sum }, { suffix: "_count", labels, value: total }];
}
