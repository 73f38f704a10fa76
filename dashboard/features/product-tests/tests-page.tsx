import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { TEST_KINDS } from "../../../shared/demand/test-kinds.ts";
import { environment, project, seenRevision } from "../../domain/project.ts";
import { may } from "../../domain/session.ts";
import { ago } from "../../domain/words/time-words.ts";
import { FreePlanNote } from "../../editors/free-plan-note.tsx";
import { EnvironmentSwitch } from "../../ui/environment-switch.tsx";
import { Icon } from "../../ui/icon.tsx";
import { Problem } from "../../ui/problem.tsx";
import { loadTests, tests } from "./test-store.ts";
import { KIND_WORDS, statusOf } from "./test-words.ts";

/** Three questions to ask before something is built, and the tests that ask them. */
export function TestsPage() {
  const problem = useSignal<unknown>(null);
  const here = `/p/${project.value?.key}`;
  const env = environment.value?.key ?? "";
  useEffect(() => {
    if (!env) return;
    loadTests().then(
      () => {
        problem.value = null;
      },
      (error) => {
        problem.value = error;
      },
    );
  }, [env, project.value?.key, seenRevision.value]);
  const all = tests.value ?? [];
  const desks = all.filter(({ settings }) => settings.kind === "wizard-of-oz");
  return (
    <main class="page page-narrow">
      <div class="page-head">
        <h1>Tests</h1>
        <span class="count">{all.length}</span>
        <EnvironmentSwitch />
        {desks.length > 0 && may("marketer", env) && (
          <a class="button page-action" href={`${here}/desk?env=${env}`}>
            <Icon name="person" /> Answer desk
          </a>
        )}
      </div>
      <FreePlanNote about="tests" />
      {problem.value !== null && <Problem error={problem.value} />}
      {may("marketer", env) && (
        <nav class="test-kinds" aria-label="New test">
          {TEST_KINDS.map((kind) => (
            <a key={kind} class="card test-kind" href={`${here}/tests/new/${kind}?env=${env}`}>
              <KindPicture kind={kind} />
              <strong class="test-question">{KIND_WORDS[kind].question}</strong>
              <span>{KIND_WORDS[kind].explanation}</span>
              <span class="test-kind-name">
                {KIND_WORDS[kind].make} <Icon name="chevron" size={14} />
              </span>
            </a>
          ))}
        </nav>
      )}
      {tests.value !== null && all.length === 0 && (
        <p class="muted test-none">{`No test in ${environment.value?.name} yet. Begin with one of the questions above.`}</p>
      )}
      <ul class="history">
        {all.map((test) => {
          const { words, tone } = statusOf(test);
          return (
            <li key={test.flag}>
              <a
                class={`card test-row tone-${tone}`}
                href={`${here}/tests/${encodeURIComponent(test.flag)}?env=${env}`}
              >
                <KindPicture kind={test.settings.kind} />
                <span class="test-row-name">
                  <strong>{test.flag}</strong>
                  <span class="muted">{KIND_WORDS[test.settings.kind].name}</span>
                </span>
                <span class="pill">{words}</span>
                <span class="muted test-row-when">
                  {test.startedAt && test.status === "running"
                    ? `since ${ago(test.startedAt)}`
                    : ago(test.stoppedAt ?? test.createdAt)}
                </span>
              </a>
            </li>
          );
        })}
      </ul>
    </main>
  );
}

const PICTURES = {
  "fake-door": "M9 34V8h18v26M5 34h30M22 21v3",
  "dark-launch": "M28 24a11 11 0 1 1-12-15 9 9 0 0 0 12 15zM29 8v4M27 10h4",
  "wizard-of-oz": "M20 5l9 24H11zM6 33h28M18 17h5M16 23h9",
} as const;

export function KindPicture({ kind }: { kind: keyof typeof PICTURES }) {
  return (
    <svg class={`kind-picture kind-${kind}`} viewBox="0 0 40 40" width="40" height="40" aria-hidden="true">
      <path d={PICTURES[kind]} />
    </svg>
  );
}
