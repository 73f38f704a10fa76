import type { Finding, Resilience } from "../schema/resilience.ts";
import { count, duration, percent } from "./words.ts";

const SEVERITY_NAMES = { high: "High", medium: "Medium", low: "Low" } as const;

/** A review as Markdown, to be pasted into a document. Links lead to the dashboard at `origin`. */
export function resilienceMarkdown(review: Resilience, origin: string): string {
  const { project, environment, at, findings, total } = review;
  const more = total - findings.length;
  return [
    `# Resilience review: ${text(project)}, ${text(environment)}`,
    `${at.slice(0, 16).replace("T", " ")} UTC. ${total === 0 ? "No findings." : `${count(total, "finding")}, the largest blast radius first.`}`,
    ...findings.map((finding, index) => findingMarkdown(finding, index + 1, origin)),
    ...(more > 0 ? [`${count(more, "more finding")} with a smaller blast radius.`] : []),
    habitsMarkdown(review),
    weeksMarkdown(review),
  ]
    .join("\n\n")
    .concat("\n");
}

function findingMarkdown(finding: Finding, number: number, origin: string): string {
  const { title, severity, blastRadius, reason, evidence, action } = finding;
  const { method, path, body } = action.request;
  return [
    `## ${number}. ${text(title)}`,
    `**${SEVERITY_NAMES[severity]}**, blast radius ${percent(blastRadius)} of users. ${text(reason)}`,
    evidence.map((one) => `- ${evidenceText(one)}`).join("\n"),
    `[${text(action.label)}](${origin}${action.path}), or \`${method} ${path}\`${body === undefined ? "" : ` with \`${JSON.stringify(body)}\``}`,
  ].join("\n\n");
}

function evidenceText({ text: said, at, by, revision }: Finding["evidence"][number]): string {
  const facts = [
    ...(by === null ? [] : [`by ${text(by)}`]),
    ...(at === null ? [] : [`${at.slice(0, 16).replace("T", " ")} UTC`]),
    ...(revision === null ? [] : [`revision ${revision}`]),
  ];
  return facts.length === 0 ? text(said) : `${text(said)} (${facts.join(", ")})`;
}

function habitsMarkdown({ habits }: Resilience): string {
  const { changeSize, leadTime, killToRelease, byPlan } = habits;
  const rows: [name: string, value: string, from: string][] = [
    ["Users added by one release (median)", shown(changeSize.value, percent), count(changeSize.count, "release")],
    ["Lead time (median)", shown(leadTime.value, duration), count(leadTime.count, "deployment")],
    [
      "From kill to the next release (median)",
      shown(killToRelease.value, duration),
      count(killToRelease.count, "kill"),
    ],
    ["Releases that a plan rolled out", shown(byPlan.value, percent), count(byPlan.count, "release")],
  ];
  return ["## Habits", table(["Habit", "Value", "From"], rows)].join("\n\n");
}

function weeksMarkdown({ weeks }: Resilience): string {
  const head = ["Week of", "Releases", "By plan", "In one step", "Taken back", "People", "Largest step"];
  const rows = weeks.map((one) => [
    one.week,
    ...[one.releases, one.byPlan, one.inOneStep, one.takenBack, one.people].map(String),
    percent(one.largestStep),
  ]);
  return ["## By week", table(head, rows)].join("\n\n");
}

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => "---"), ...rows].map((row) => `| ${row.join(" | ")} |`).join("\n");

const shown = (value: number | null, words: (value: number) => string): string => (value === null ? "–" : words(value));

/** Names and titles as they are: what Markdown or HTML would read in them is escaped, and stays on its line. */
const text = (raw: string): string => raw.replace(/[\\`*_{}[\]<>|#!]/g, "\\$&").replace(/\s+/g, " ");
