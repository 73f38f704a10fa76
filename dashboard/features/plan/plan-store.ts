import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { PlanTemplate, PlanView } from "../../../shared/schema/plan.ts";
import { answer, api, ifMatch } from "../../domain/api.ts";
import { refreshFlag } from "../../domain/project.ts";
import { type ToastAction, tell } from "../../ui/toasts.tsx";

export interface PlanPlace {
  project: string;
  environment: string;
  flag: string;
}

/** Null: there is none; undefined: not known yet. */
export type Known = PlanView | null | undefined;

const plans = signal<Record<string, Known>>({});
const placeKey = ({ project, environment, flag }: PlanPlace): string => `${project} ${environment} ${flag}`;
const routes = api.projects[":project"].environments[":environment"].flags[":flag"].plan;

/** How often a plan under way is read again (ms): its waits change with time, without any change of the project. */
const EVERY_MS = 3_000;

export function show(place: PlanPlace, plan: Known): void {
  plans.value = { ...plans.value, [placeKey(place)]: plan };
}

async function loadPlan(place: PlanPlace): Promise<void> {
  const { project, environment, flag } = place;
  // Of the list: there, to have none is an answer like any other, and no error in the browser's console.
  const list = api.projects[":project"].environments[":environment"].plans;
  const { plans } = await answer(list.$get({ param: { project, environment }, query: { flag } }));
  show(place, (plans[0] as PlanView | undefined) ?? null);
}

/** The plan, read again while somebody looks at it. `stamp` changes when the flag did. */
export function usePlan(place: PlanPlace, stamp: unknown, fail: (error: unknown) => void): Known {
  const plan = plans.value[placeKey(place)];
  const status = plan?.run?.status;
  const isMoving = status === "running" || status === "paused" || status === "halted";
  useEffect(() => {
    loadPlan(place).catch(fail);
  }, [placeKey(place), stamp]);
  useEffect(() => {
    if (!isMoving) return;
    const timer = setInterval(() => {
      if (!document.hidden) loadPlan(place).catch(() => {});
    }, EVERY_MS);
    return () => clearInterval(timer);
  }, [placeKey(place), isMoving]);
  return plan;
}

type Action = "start" | "pause" | "resume" | "advance" | "rollback";

/** Carries out a command and shows the plan as it then stands. */
export async function command(
  place: PlanPlace,
  action: Action,
  json: { comment: string; stage?: number; from?: number },
): Promise<PlanView> {
  const request = { param: place, header: {}, json } as never;
  const plan = (await answer(routes[action].$post(request) as Promise<{ json(): Promise<unknown> }>)) as PlanView;
  show(place, plan);
  void refreshFlag(place.flag);
  return plan;
}

export async function savePlan(place: PlanPlace, json: object, version: number | undefined): Promise<PlanView> {
  const header = { "if-match": `"${version ?? 0}"` };
  const plan = (await answer(
    routes.$put({ param: place, header, json } as never) as Promise<{ json(): Promise<unknown> }>,
  )) as PlanView;
  show(place, plan);
  return plan;
}

/**
 * What takes back a plan that was just saved or deleted: the plan as it was before, or none. A change that somebody has
 * made since is not overwritten.
 *
 * @param now the plan as it was saved; null: it was deleted
 */
export function undoingPlan(place: PlanPlace, before: Known, now: PlanView | null): ToastAction | undefined {
  if (before === undefined || (before === null && now === null)) return undefined;
  return {
    label: "Undo",
    act: async () => {
      if (before === null) await deletePlan(place, now?.version);
      else await savePlan(place, before, now?.version);
      tell("Undone");
    },
  };
}

/** The plan as it was shown last. */
export const shownPlan = (place: PlanPlace): Known => plans.value[placeKey(place)];

export async function deletePlan(place: PlanPlace, version?: number): Promise<void> {
  await routes.$delete({ param: place, header: version === undefined ? {} : ifMatch(version) });
  show(place, null);
}

export type TemplateView = PlanTemplate & { key: string; version: number };
export const templates = signal<TemplateView[]>([]);
const templateRoutes = api.projects[":project"]["plan-templates"];

export async function loadTemplates(project: string): Promise<void> {
  const found = (await answer(templateRoutes.$get({ param: { project } }))) as unknown as { templates: TemplateView[] };
  templates.value = found.templates;
}

export async function saveTemplate(project: string, template: string, json: object): Promise<void> {
  await templateRoutes[":template"].$put({ param: { project, template }, header: {}, json } as never);
  await loadTemplates(project);
}
