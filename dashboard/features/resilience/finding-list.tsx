import { percent } from "../../../shared/resilience/words.ts";
import type { Evidence, Finding, Severity } from "../../../shared/schema/resilience.ts";
import { ago, exactly } from "../../domain/words/time-words.ts";
import { Icon } from "../../ui/icon.tsx";

const SEVERITY: Record<Severity, { name: string; tone: string }> = {
  high: { name: "High", tone: "tone-killed" },
  medium: { name: "Medium", tone: "tone-part" },
  low: { name: "Low", tone: "tone-off" },
};

interface FindingListProps {
  findings: readonly Finding[];
  /** With those that are not shown. */
  total: number;
  project: string;
  environment: string;
}

/** What was found, the largest blast radius first, each with the one thing that mends it. */
export function FindingList({ findings, total, ...place }: FindingListProps) {
  if (findings.length === 0)
    return (
      <section class="card empty">
        <Icon name="check" size={24} />
        <h2>No findings</h2>
        <p>Releases go in steps, guards see events, and the kill has been tried this month.</p>
      </section>
    );
  return (
    <section class="card findings-card" aria-labelledby="findings">
      <h2 id="findings">Findings</h2>
      <ol class="findings">
        {findings.map((finding, index) => (
          <FindingRow key={finding.id} finding={finding} isFirst={index === 0} {...place} />
        ))}
      </ol>
      {total > findings.length && <p class="hint">{`${total - findings.length} more with a smaller blast radius.`}</p>}
    </section>
  );
}

interface FindingRowProps extends Pick<FindingListProps, "project" | "environment"> {
  finding: Finding;
  /** What to do first is the page's one primary action. */
  isFirst: boolean;
}

function FindingRow({ finding, isFirst, ...place }: FindingRowProps) {
  const { title, reason, severity, blastRadius, evidence, action } = finding;
  const { name, tone } = SEVERITY[severity];
  const { method, path, body } = action.request;
  return (
    <li class={`finding ${tone}`}>
      <div class="finding-radius">
        <b>{percent(blastRadius)}</b>
        <meter min={0} max={1} value={blastRadius} aria-label={`Blast radius ${percent(blastRadius)} of users`} />
        <span class="finding-severity">{name}</span>
      </div>
      <div class="finding-words">
        <h3>{title}</h3>
        <p class="muted">{reason}</p>
        <ul class="finding-evidence">
          {evidence.map((one) => (
            <EvidenceLine key={one.text} evidence={one} {...place} />
          ))}
        </ul>
        <details>
          <summary>API request</summary>
          <code class="finding-request">{`${method} ${path}${body === undefined ? "" : `\n${JSON.stringify(body, null, 2)}`}`}</code>
        </details>
      </div>
      <a class={`button finding-action ${isFirst ? "button-primary" : ""}`} href={action.path}>
        {action.label}
      </a>
    </li>
  );
}

function EvidenceLine({ evidence, project, environment }: { evidence: Evidence } & FindingPlace) {
  const { text, at, by, revision } = evidence;
  return (
    <li>
      <span>{text}</span>
      {by !== null && <span class="muted">{by}</span>}
      {at !== null && (
        <time class="muted" dateTime={at} title={exactly(at)}>
          {ago(at)}
        </time>
      )}
      {revision !== null && (
        <a href={`/p/${project}/history?env=${environment}&revision=${revision}`}>{`revision ${revision}`}</a>
      )}
    </li>
  );
}

type FindingPlace = Pick<FindingListProps, "project" | "environment">;
