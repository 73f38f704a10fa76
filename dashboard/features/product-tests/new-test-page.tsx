import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { useLocation, useRoute } from "preact-iso";
import { TEST_KINDS, type TestKind } from "../../../shared/demand/test-kinds.ts";
import type { TestSettings } from "../../../shared/schema/demand-test.ts";
import { environment, flagOf, project } from "../../domain/project.ts";
import { loadSegments } from "../../domain/segment-store.ts";
import { keyOf, keyProblem } from "../../domain/words/key-words.ts";
import { EnvironmentSwitch } from "../../ui/environment-switch.tsx";
import { Problem } from "../../ui/problem.tsx";
import { tell } from "../../ui/toasts.tsx";
import { type DarkDraft, DarkForm, darkSettings, newDark } from "./dark-form.tsx";
import { type DeskDraft, DeskForm, deskSettings, newDesk } from "./desk-form.tsx";
import { type DoorDraft, newDoor } from "./door-draft.ts";
import { DoorForm, doorSettings } from "./door-form.tsx";
import { DarkPreview, DeskPreview, DoorPreview } from "./previews.tsx";
import { writeTest } from "./test-store.ts";
import { KIND_WORDS } from "./test-words.ts";
import { KindPicture } from "./tests-page.tsx";

const PLACEHOLDERS: Record<TestKind, string> = {
  "fake-door": "Gift cards",
  "dark-launch": "Search by photo",
  "wizard-of-oz": "Tent adviser",
};

/** One page from idea to test: what is asked on the left, what a visitor will see on the right. */
export function NewTestPage() {
  const { params } = useRoute();
  const { route } = useLocation();
  const kind = TEST_KINDS.find((one) => one === params.kind) ?? "fake-door";
  const name = useSignal("");
  const door = useSignal<DoorDraft>(newDoor());
  const dark = useSignal<DarkDraft>(newDark());
  const desk = useSignal<DeskDraft>(newDesk());
  const problem = useSignal<unknown>(null);
  const busy = useSignal(false);
  const key = keyOf(name.value.toLowerCase());
  const taken = flagOf(key) !== undefined;
  const projectKey = project.value?.key ?? "";
  useEffect(() => {
    if (projectKey) loadSegments(projectKey).catch(() => {});
  }, [projectKey]);
  const settings = (): TestSettings =>
    kind === "fake-door"
      ? doorSettings(door.value, name.value)
      : kind === "dark-launch"
        ? darkSettings(dark.value)
        : deskSettings(desk.value);
  const make = async () => {
    if (keyProblem(key) || taken) return;
    busy.value = true;
    problem.value = null;
    try {
      await writeTest(key, settings(), `${KIND_WORDS[kind].name}: ${name.value}`);
      tell(`The test ${key} is made`, "Nobody sees anything of it until you start it.");
      route(`/p/${projectKey}/tests/${encodeURIComponent(key)}?env=${environment.value?.key}`);
    } catch (error) {
      problem.value = error;
    }
    busy.value = false;
  };
  return (
    <main class="page">
      <div class="page-head">
        <KindPicture kind={kind} />
        <h1>{KIND_WORDS[kind].make}</h1>
        <EnvironmentSwitch />
      </div>
      <p class="muted test-lead">{KIND_WORDS[kind].explanation}</p>
      <form
        class="wizard"
        onSubmit={(event) => {
          event.preventDefault();
          void make();
        }}
      >
        <div class="stack">
          <section class="card stack">
            <label class="field">
              <span class="label">What would it be called?</span>
              <input
                name="name"
                value={name.value}
                maxLength={80}
                placeholder={PLACEHOLDERS[kind]}
                aria-describedby="test-key"
                onInput={(event) => {
                  name.value = event.currentTarget.value;
                }}
              />
              <span class="hint" id="test-key">
                {taken ? (
                  <span class="bad">{`There is a flag ${key} already`}</span>
                ) : key ? (
                  <>
                    On the page: <code>{key}</code>
                  </>
                ) : (
                  "Its name on the page is made from this"
                )}
              </span>
            </label>
          </section>
          {kind === "fake-door" && <DoorForm name={name.value} draft={door} />}
          {kind === "dark-launch" && <DarkForm draft={dark} />}
          {kind === "wizard-of-oz" && <DeskForm draft={desk} />}
          {problem.value !== null && <Problem error={problem.value} />}
          <div class="row wizard-actions">
            <a class="button" href={`/p/${projectKey}/tests?env=${environment.value?.key}`}>
              Cancel
            </a>
            <button
              type="submit"
              class="button button-primary"
              disabled={busy.value || taken || keyProblem(key) !== null}
            >
              Make the test
            </button>
            <span class="muted">You start it on the next page.</span>
          </div>
        </div>
        <aside class="wizard-side" aria-label="Preview">
          {kind === "fake-door" && <DoorPreview name={name.value} draft={door.value} />}
          {kind === "dark-launch" && <DarkPreview name={name.value} />}
          {kind === "wizard-of-oz" && <DeskPreview name={name.value} draft={desk.value} />}
        </aside>
      </form>
    </main>
  );
}
