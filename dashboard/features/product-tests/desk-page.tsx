import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { useLocation } from "preact-iso";
import type { DeskRequest, DeskView } from "../../../shared/schema/desk.ts";
import { answer, api } from "../../domain/api.ts";
import { environment, project } from "../../domain/project.ts";
import { EnvironmentSwitch } from "../../ui/environment-switch.tsx";
import { Problem } from "../../ui/problem.tsx";
import { complain } from "../../ui/toasts.tsx";
import { DeskFigures } from "./desk-figures.tsx";
import { RequestCard } from "./request-card.tsx";
import { loadTests, tests } from "./test-store.ts";

/** Below the time after which a request counts as lost. */
const WAIT_S = "10";
const RETRY_MS = 2_000;

/** Where people answer. It hears of every change at once, by long poll. */
export function DeskPage() {
  const { query } = useLocation();
  const desk = useSignal<DeskView | null>(null);
  const problem = useSignal<unknown>(null);
  const now = useSignal(Date.now());
  const routes = api.projects[":project"].environments[":environment"].desk;
  const param = { project: project.value?.key ?? "", environment: environment.value?.key ?? "" };
  const flag = query.flag;
  const look = async (after?: number) => {
    const asked = { ...(flag ? { flag } : {}), ...(after === undefined ? {} : { after: `${after}`, wait: WAIT_S }) };
    desk.value = (await answer(routes.$get({ param, query: asked }))) as unknown as DeskView;
    problem.value = null;
  };
  useEffect(() => {
    let open = true;
    const follow = async () => {
      while (open) {
        try {
          await look(desk.value?.sequence);
        } catch (error) {
          problem.value = error;
          await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
        }
      }
    };
    desk.value = null;
    if (param.project && param.environment) {
      void follow();
      loadTests().catch(() => {});
    }
    const clock = setInterval(() => {
      now.value = Date.now();
    }, 1_000);
    return () => {
      open = false;
      clearInterval(clock);
    };
  }, [param.project, param.environment, flag]);
  const act = async (request: DeskRequest, action: "claim" | "release" | "answer", given?: string) => {
    try {
      const at = { param: { ...param, id: request.id } };
      const route = routes.requests[":id"];
      if (action === "answer") await route.answer.$post({ ...at, json: { answer: given ?? "" } });
      else await route[action].$post({ ...at, json: {} });
    } catch (error) {
      complain(action === "answer" ? "The answer was not sent" : "It stayed as it was", error);
    }
    await look().catch(() => {});
  };
  const requests = desk.value?.requests ?? [];
  const waiting = requests.filter(({ status }) => status === "waiting");
  const finished = requests.filter(({ status }) => status !== "waiting");
  const guidance = tests.value?.flatMap(({ flag: key, settings }) =>
    settings.kind === "wizard-of-oz" && settings.guidance && (!flag || flag === key)
      ? [{ key, text: settings.guidance }]
      : [],
  );
  return (
    <main class="page page-narrow">
      <div class="page-head">
        <h1>Answer desk</h1>
        <span class="count" role="status">{`${waiting.length} waiting`}</span>
        <EnvironmentSwitch />
      </div>
      {problem.value !== null && <Problem error={problem.value} />}
      {guidance?.map(({ key, text }) => (
        <p class="note-plain desk-guidance" key={key}>
          <strong>{key}:</strong> {text}
        </p>
      ))}
      {desk.value && waiting.length === 0 && (
        <section class="empty card">
          <h2>Nobody is waiting</h2>
          <p>Leave this page open: a question appears here the moment somebody asks it.</p>
        </section>
      )}
      <ul class="history">
        {waiting.map((request) => (
          <RequestCard key={request.id} request={request} now={now.value} act={act} />
        ))}
      </ul>
      {desk.value?.figures.map((figures) => (
        <section class="card stack desk-figures" key={figures.flag} aria-label={`Figures of ${figures.flag}`}>
          <h2>{`${figures.flag}, the last seven days`}</h2>
          <DeskFigures figures={figures} />
        </section>
      ))}
      {finished.length > 0 && (
        <section class="stack" aria-labelledby="finished">
          <h2 id="finished">The last hour</h2>
          <ul class="history">
            {finished.map((request) => (
              <RequestCard key={request.id} request={request} now={now.value} act={act} />
            ))}
          </ul>
        </section>
      )}
    </main>
  );
}
