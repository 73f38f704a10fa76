import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { useLocation, useRoute } from "preact-iso";
import type { TestResults } from "../../../shared/schema/test-results.ts";
import { environment, flagOf, project } from "../../domain/project.ts";
import { mayChange } from "../../domain/session.ts";
import { exactly } from "../../domain/words/time-words.ts";
import { confirmed } from "../../ui/confirm.tsx";
import { Icon } from "../../ui/icon.tsx";
import { Problem } from "../../ui/problem.tsx";
import { complain, tell } from "../../ui/toasts.tsx";
import { DarkStages } from "./dark-stages.tsx";
import { DeskFigures } from "./desk-figures.tsx";
import { DoorResults } from "./door-results.tsx";
import { PageCheck } from "./page-check.tsx";
import { Snippet } from "./snippet.tsx";
import { deleteTest, readResults, startTest, stopTest } from "./test-store.ts";
import { KIND_WORDS, statusOf } from "./test-words.ts";
import { KindPicture } from "./tests-page.tsx";

const LOOK_MS = 2_000;

/** One test: its answer, its switch, and how it gets onto the page. */
export function TestPage() {
  const { params } = useRoute();
  const { route } = useLocation();
  const flag = params.flag ?? "";
  const results = useSignal<TestResults | null>(null);
  const problem = useSignal<unknown>(null);
  const busy = useSignal(false);
  const here = `/p/${project.value?.key}`;
  const env = environment.value?.key ?? "";
  const read = async () => {
    results.value = await readResults(flag);
    problem.value = null;
  };
  useEffect(() => {
    results.value = null;
    const look = () => {
      if (document.hidden || !project.value) return;
      read().catch((error) => {
        problem.value = error;
      });
    };
    look();
    const timer = setInterval(look, LOOK_MS);
    return () => clearInterval(timer);
  }, [flag, env, project.value?.key]);
  const found = results.value;
  if (!found)
    return (
      <main class="page page-narrow">
        {problem.value === null ? <div class="skeleton" /> : <Problem error={problem.value} />}
        {problem.value !== null && <a href={`${here}/tests?env=${env}`}>All tests</a>}
      </main>
    );
  const { test, pages, demand, desk } = found;
  const { settings } = test;
  const { words, tone } = statusOf(test);
  const running = test.status === "running";
  const locked = !mayChange(settings.kind, env);
  const killed = flagOf(flag)?.environments[env]?.kills.length ?? 0;
  const does = async (work: () => Promise<void>, said: string) => {
    busy.value = true;
    try {
      await work();
      await read();
      tell(said);
    } catch (error) {
      complain("It stayed as it was", error);
    }
    busy.value = false;
  };
  const remove = async () => {
    const isSure = await confirmed({
      title: `Delete the test ${flag}?`,
      text: "Everything that it counted goes with it.",
      action: "Delete the test",
    });
    if (!isSure) return;
    try {
      await deleteTest(flag);
      tell("The test is deleted");
      route(`${here}/tests?env=${env}`);
    } catch (error) {
      complain("The test was not deleted", error);
    }
  };
  return (
    <main class="page page-narrow">
      <div class={`page-head tone-${tone}`}>
        <KindPicture kind={settings.kind} />
        <div class="test-title">
          <nav class="muted" aria-label="Where you are">
            <a href={`${here}/tests?env=${env}`}>Tests</a> / {KIND_WORDS[settings.kind].name}
          </nav>
          <h1>{flag}</h1>
        </div>
        <span class="pill">{words}</span>
        <span class="chip">{environment.value?.name}</span>
        {!locked && (
          <span class="row page-action">
            {!running && (
              <button type="button" class="button button-plain" onClick={remove}>
                Delete
              </button>
            )}
            {settings.kind === "wizard-of-oz" && (
              <a class="button" href={`${here}/desk?env=${env}&flag=${encodeURIComponent(flag)}`}>
                <Icon name="person" /> Answer desk
              </a>
            )}
            {settings.kind !== "dark-launch" &&
              (running ? (
                <button
                  type="button"
                  class="button"
                  disabled={busy.value}
                  onClick={() => does(() => stopTest(flag), "Stopped: nobody sees it any more")}
                >
                  <Icon name="pause" /> Stop the test
                </button>
              ) : (
                <button
                  type="button"
                  class="button button-primary"
                  disabled={busy.value}
                  onClick={() => does(() => startTest(flag), "Running: visitors see it within seconds")}
                >
                  <Icon name="play" /> {test.status === "draft" ? "Start the test" : "Start again, from zero"}
                </button>
              ))}
          </span>
        )}
      </div>
      <div class="stack">
        {killed > 0 && (
          <p class="note">
            <Icon name="alert" />
            <span>
              The flag is killed here, so nobody sees the test.{" "}
              <a href={`${here}/flags/${flag}?env=${env}`}>Restore it</a> to go on.
            </span>
          </p>
        )}
        {settings.kind === "dark-launch" && (
          <DarkStages test={test} settings={settings} locked={locked} changed={read} />
        )}
        {settings.kind === "fake-door" && demand && test.status !== "draft" && (
          <DoorResults flag={flag} settings={settings} report={demand} refused={found.refused ?? 0} />
        )}
        {settings.kind === "wizard-of-oz" && desk && test.status !== "draft" && (
          <section class="card stack" aria-labelledby="figures">
            <h2 id="figures">The last seven days</h2>
            <DeskFigures figures={desk} />
          </section>
        )}
        <details class="card foldable" open={test.status === "draft" || pages.length === 0}>
          <summary>
            <h2>On your page</h2>
          </summary>
          <div class="stack">
            <Snippet test={test} label={labelOf(flag)} />
            <PageCheck pages={pages} />
          </div>
        </details>
        {settings.kind === "fake-door" && (
          <details class="card foldable">
            <summary>
              <h2>How it is set up</h2>
            </summary>
            <dl class="set-up">
              <dt>Share of visitors</dt>
              <dd>{`${settings.share / 1_000} %`}</dd>
              <dt>After the click</dt>
              <dd>{settings.wording.message}</dd>
              <dt>On later visits</dt>
              <dd>{settings.wording.thanks}</dd>
              <dt>Worth building from</dt>
              <dd>{`${Number((settings.bar * 100).toFixed(3))} %, of people who click within ${settings.windowDays} days`}</dd>
              <dt>Ends</dt>
              <dd>
                {`after ${settings.targetPeople.toLocaleString("en")} people`}
                {settings.stopWhenDecided && ", as soon as the answer is clear"}
                {settings.endsAt && `, at the latest on ${exactly(settings.endsAt)}`}
              </dd>
            </dl>
          </details>
        )}
      </div>
    </main>
  );
}

const labelOf = (flag: string): string => flag.charAt(0).toUpperCase() + flag.slice(1).replaceAll("-", " ");
