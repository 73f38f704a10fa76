import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { project } from "../../domain/project.ts";
import { loadSegments, type SegmentView, segments } from "../../domain/segment-store.ts";
import { may } from "../../domain/session.ts";
import { conditionWords } from "../../domain/words/condition-words.ts";
import { AttributeList } from "../../editors/attribute-list.tsx";
import { Icon } from "../../ui/icon.tsx";
import { Problem } from "../../ui/problem.tsx";
import { SegmentDialog } from "./segment-dialog.tsx";

export function SegmentsPage() {
  const editing = useSignal<SegmentView | "new" | null>(null);
  const problem = useSignal<unknown>(null);
  const key = project.value?.key;
  useEffect(() => {
    if (key)
      loadSegments(key).catch((error) => {
        problem.value = error;
      });
  }, [key]);
  return (
    <main class="page page-narrow">
      <div class="page-head">
        <h1>Segments</h1>
        <span class="count">{segments.value.length}</span>
        {may("engineer") && (
          <button
            type="button"
            class="button button-primary page-action"
            onClick={() => {
              editing.value = "new";
            }}
          >
            <Icon name="plus" /> New segment
          </button>
        )}
      </div>
      {problem.value !== null && <Problem error={problem.value} />}
      {segments.value.length === 0 && (
        <section class="empty card">
          <h2>No segments yet</h2>
          <p>
            A segment is a group of people that several flags mean: staff, beta testers, customers of one plan. Describe
            it once here, then name it in any rule.
          </p>
        </section>
      )}
      <ul class="history">
        {segments.value.map((segment) => (
          <li key={segment.key} class="card segment">
            <div class="rule-words">
              <strong>{segment.name ?? segment.key}</strong> {segment.name && <code>{segment.key}</code>}
              <p class="muted">{segment.description}</p>
              <p>
                <span class="rule-if">In it:</span> {membershipWords(segment)}
              </p>
            </div>
            {may("engineer") && (
              <button
                type="button"
                class="button button-small"
                onClick={() => {
                  editing.value = segment;
                }}
              >
                Edit
              </button>
            )}
          </li>
        ))}
      </ul>
      <AttributeList />
      {editing.value !== null && (
        <SegmentDialog
          segment={editing.value === "new" ? null : editing.value}
          close={() => {
            editing.value = null;
          }}
        />
      )}
    </main>
  );
}

function membershipWords({ when, included, excluded }: SegmentView): string {
  const parts = [
    when ? `whose ${conditionWords(when)}` : "",
    included.length > 0 ? `${included.length} listed` : "",
    excluded.length > 0 ? `but never ${excluded.length} excluded` : "",
  ].filter(Boolean);
  return parts.join(", ") || "nobody yet";
}
