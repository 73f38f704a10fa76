import { useState } from "preact/hooks";
import type { Explanation, RuleTrace } from "../../../shared/evaluation/explain/explain.ts";
import { environment, flagOf, project } from "../../domain/project.ts";
import { CAUSE_WORDS } from "../../domain/words/cause-words.ts";
import { percent } from "../../domain/words/state-words.ts";
import { Icon } from "../../ui/icon.tsx";
import { ConditionTree } from "./condition-tree.tsx";

/** One flag's answer, why, and how every condition on the way came out. */
export function Result({ explanation }: { explanation: Explanation }) {
  const [open, setOpen] = useState(false);
  const { key, value, variant, cause, ruleId, trace } = explanation;
  const why = cause === "rule" ? `because the rule ${ruleId} matches` : (CAUSE_WORDS[cause] ?? cause);
  const isOff = variant === null || variant === flagOf(key)?.offVariant;
  const tone = cause === "killed" ? "killed" : isOff ? "off" : cause === "rule" ? "rules" : "on";
  return (
    <li class="card result-card">
      <button type="button" class="result" aria-expanded={open} onClick={() => setOpen(!open)}>
        <span class="result-key clip">{key}</span>
        <span class={`pill tone-${tone}`}>{variant ?? "no value"}</span>
        <span class="muted clip result-why">{why}</span>
        <Icon name="chevron" />
      </button>
      {open && (
        <div class="result-body stack">
          <p>
            Value: <code>{value === undefined ? "the default in the code" : JSON.stringify(value)}</code>{" "}
            <a href={`/p/${project.value?.key}/flags/${encodeURIComponent(key)}?env=${environment.value?.key}`}>
              Open the flag
            </a>
          </p>
          {trace.prerequisites.length > 0 && (
            <div>
              <h3>Depends on</h3>
              <ul class="tree">
                {trace.prerequisites.map((one) => (
                  <ConditionTree key={one.flag} trace={one} />
                ))}
              </ul>
            </div>
          )}
          {trace.rules.map((rule) => (
            <RuleResult key={rule.id} rule={rule} decided={rule.id === ruleId} />
          ))}
          {trace.rules.length === 0 && trace.prerequisites.length === 0 && <p class="muted">No rule was looked at.</p>}
        </div>
      )}
    </li>
  );
}

function RuleResult({ rule, decided }: { rule: RuleTrace; decided: boolean }) {
  return (
    <div>
      <h3>
        {`Rule ${rule.id}`} {decided && <span class="pill tone-rules">decided</span>}
      </h3>
      {rule.skipped && <p class="muted">{rule.skipped === "paused" ? "Paused." : "Its time is over."}</p>}
      {rule.condition && (
        <ul class="tree">
          <ConditionTree trace={rule.condition} />
        </ul>
      )}
      {rule.split && (
        <p class="muted">
          {rule.split.bucket === null
            ? `The rollout needs ${rule.split.by}, which is missing: the rule does not match.`
            : `Place in the rollout, by ${rule.split.by}: ${percent(rule.split.bucket / 1_000)}`}
        </p>
      )}
    </div>
  );
}
