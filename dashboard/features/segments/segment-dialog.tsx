import { useSignal } from "@preact/signals";
import type { Condition } from "../../../shared/schema/condition.ts";
import type { Segment } from "../../../shared/schema/segment.ts";
import { api, ifMatch } from "../../domain/api.ts";
import { project } from "../../domain/project.ts";
import { loadSegments, type SegmentView } from "../../domain/segment-store.ts";
import { changesOf } from "../../domain/words/change-words.ts";
import { keyOf, keyProblem } from "../../domain/words/key-words.ts";
import { ChangeList } from "../../editors/change-list.tsx";
import { ConditionBuilder } from "../../editors/condition-builder.tsx";
import { undoingLatest } from "../../editors/undo.ts";
import { CommentField } from "../../ui/comment-field.tsx";
import { confirmed } from "../../ui/confirm.tsx";
import { Dialog } from "../../ui/dialog.tsx";
import { Problem } from "../../ui/problem.tsx";
import { TextField } from "../../ui/text-field.tsx";
import { tell } from "../../ui/toasts.tsx";
import { useSegmentUsers } from "./use-segment-users.ts";

const linesOf = (text: string): string[] => [...new Set(text.split("\n").map((line) => line.trim()))].filter(Boolean);

export function SegmentDialog({ segment, close }: { segment: SegmentView | null; close: () => void }) {
  const name = useSignal(segment?.name ?? segment?.key ?? "");
  const description = useSignal(segment?.description ?? "");
  const by = useSignal(segment?.by ?? "targetingKey");
  const included = useSignal((segment?.included ?? []).join("\n"));
  const excluded = useSignal((segment?.excluded ?? []).join("\n"));
  const when = useSignal<Condition | null>(segment?.when ?? null);
  const problem = useSignal<unknown>(null);
  const key = segment?.key ?? keyOf(name.value.toLowerCase());
  const param = { project: project.value?.key ?? "", segment: key };
  const users = useSegmentUsers(param.project, segment);
  const reviewing = useSignal(false);
  const comment = useSignal("");
  const isEmpty = when.value === null || ("all" in when.value && when.value.all.length === 0);
  const finish = async (words: string) => {
    await loadSegments(param.project);
    close();
    tell(words, undefined, await undoingLatest(param.project, key));
  };
  const edited = (): Segment => ({
    name: name.value.trim() || key,
    description: description.value,
    by: by.value || "targetingKey",
    included: linesOf(included.value),
    excluded: linesOf(excluded.value),
    ...(isEmpty || when.value === null ? {} : { when: when.value }),
  });
  const save = async () => {
    if (keyProblem(key)) return;
    // What flags use is reviewed like a flag's own rules: it goes live in all of them.
    if (segment && !reviewing.value) {
      reviewing.value = true;
      return;
    }
    const json = { ...edited(), ...(comment.value.trim() === "" ? {} : { comment: comment.value.trim() }) };
    try {
      await api.projects[":project"].segments[":segment"].$put({ param, header: ifMatch(segment?.version ?? 0), json });
      await finish(`The segment ${key} is saved`);
    } catch (error) {
      problem.value = error;
      reviewing.value = false;
    }
  };
  const remove = async () => {
    const isSure = await confirmed({
      title: `Delete the segment ${key}?`,
      text: (
        <>
          <p>Its conditions and lists go with it. While a rule still names it, it stays.</p>
          {segment && <UsedBySegment project={param.project} segment={segment} />}
        </>
      ),
      action: "Delete the segment",
      ...(users?.length === 0 ? {} : { name: key }),
    });
    if (!isSure) return;
    try {
      const header = ifMatch(segment?.version ?? 0);
      await api.projects[":project"].segments[":segment"].$delete({ param, header, query: {} });
      await finish(`The segment ${key} is deleted`);
    } catch (error) {
      problem.value = error;
    }
  };
  if (segment && reviewing.value) {
    const changes = changesOf("segment", baseOf(segment), { ...edited() });
    return (
      <Dialog title={`Review the segment ${key}`} onClose={close} onSubmit={save} wide>
        {changes.length === 0 ? <p class="note">Nothing would change.</p> : <ChangeList changes={changes} />}
        <UsedBy users={users} />
        <CommentField comment={comment} first />
        <footer class="dialog-actions">
          <button
            type="button"
            class="button"
            onClick={() => {
              reviewing.value = false;
            }}
          >
            Back
          </button>
          <button type="submit" class="button button-primary" disabled={changes.length === 0}>
            Save <kbd>↵</kbd>
          </button>
        </footer>
      </Dialog>
    );
  }
  return (
    <Dialog title={segment ? `Segment ${segment.key}` : "New segment"} onClose={close} onSubmit={save} wide>
      <label class="field">
        <span class="label">Name</span>
        <input
          data-first
          value={name.value}
          maxLength={100}
          placeholder="Beta testers"
          onInput={(event) => {
            name.value = event.currentTarget.value;
          }}
        />
        {!segment && key && (
          <span class="hint">
            In rules: <code>{key}</code>
          </span>
        )}
      </label>
      <TextField label="Who are they?" value={description} maxLength={4000} />
      <div class="field">
        <span class="label">Everybody of whom this is true</span>
        {isEmpty && <span class="hint">Without a condition, only those listed below are in it.</span>}
        <ConditionBuilder
          condition={when.value ?? { all: [] }}
          emptyWords=""
          withoutFlags
          set={(condition) => {
            when.value = condition;
          }}
        />
      </div>
      <div class="two-columns">
        <label class="field">
          <span class="label">Always in it, one a line</span>
          <textarea
            class="mono"
            rows={4}
            value={included.value}
            onInput={(event) => {
              included.value = event.currentTarget.value;
            }}
          />
        </label>
        <label class="field">
          <span class="label">Never in it, one a line</span>
          <textarea
            class="mono"
            rows={4}
            value={excluded.value}
            onInput={(event) => {
              excluded.value = event.currentTarget.value;
            }}
          />
        </label>
      </div>
      <TextField label="The lists hold this attribute" value={by} />
      {problem.value !== null && <Problem error={problem.value} />}
      <footer class="dialog-actions">
        {segment && (
          <button type="button" class="button button-start" onClick={remove}>
            Delete
          </button>
        )}
        <button type="button" class="button" onClick={close}>
          Cancel
        </button>
        <button type="submit" class="button button-primary" disabled={keyProblem(key) !== null}>
          {segment ? "Review and save" : "Save"}
        </button>
      </footer>
    </Dialog>
  );
}

/** A segment as it is edited: without what only answers carry. */
const baseOf = ({ name, description, by, included, excluded, when }: SegmentView) => ({
  ...{ name, description, by, included, excluded },
  ...(when ? { when } : {}),
});

/** For a dialog that opens before it is known what uses the segment. */
function UsedBySegment({ project, segment }: { project: string; segment: SegmentView }) {
  return <UsedBy users={useSegmentUsers(project, segment)} />;
}

function UsedBy({ users }: { users: readonly string[] | null }) {
  if (users === null) return <p class="muted">Looking for what uses it…</p>;
  if (users.length === 0) return <p class="muted">Nothing uses it.</p>;
  return (
    <section class="review-part" aria-label="Used by">
      <h3>{`Used by ${users.length === 1 ? "1 place" : `${users.length} places`}: what changes here, changes there at once`}</h3>
      <ul class="named-list">
        {users.map((user) => (
          <li key={user}>{user}</li>
        ))}
      </ul>
    </section>
  );
}
