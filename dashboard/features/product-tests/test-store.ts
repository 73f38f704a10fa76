import { signal } from "@preact/signals";
import type { DarkStage } from "../../../shared/demand/test-kinds.ts";
import type { TestSettings } from "../../../shared/schema/demand-test.ts";
import type { TestView } from "../../../shared/schema/test-admin.ts";
import type { TestResults } from "../../../shared/schema/test-results.ts";
import { answer, api } from "../../domain/api.ts";
import { environment, project, refreshFlag } from "../../domain/project.ts";
import { sendOrAsk } from "../../editors/exposure.ts";

/** Of the environment shown, in the order of their flags; null while they load. */
export const tests = signal<TestView[] | null>(null);

const flagsApi = api.projects[":project"].environments[":environment"].flags[":flag"];
const place = () => ({ project: project.value?.key ?? "", environment: environment.value?.key ?? "" });
const at = (flag: string) => ({ param: { ...place(), flag }, header: {} });

export async function loadTests(): Promise<void> {
  const param = place();
  const { tests: found } = await answer(api.projects[":project"].environments[":environment"].tests.$get({ param }));
  tests.value = found as TestView[];
}

export async function readResults(flag: string): Promise<TestResults> {
  const found = await answer(flagsApi.results.$get({ param: { ...place(), flag }, query: {} }));
  return found as unknown as TestResults;
}

export const csvAddress = (flag: string): string => {
  const { project, environment } = place();
  return `/api/v1/projects/${project}/environments/${environment}/flags/${encodeURIComponent(flag)}/results?format=csv`;
};

export async function writeTest(flag: string, settings: TestSettings, description?: string): Promise<void> {
  const json = { settings, ...(description ? { description } : {}) };
  await sendOrAsk((query) => answer(flagsApi.test.$put({ ...at(flag), query, json })));
  await refreshFlag(flag);
}

export async function startTest(flag: string): Promise<void> {
  await sendOrAsk((query) => answer(flagsApi.test.start.$post({ ...at(flag), query, json: {} })));
  await refreshFlag(flag);
}

export async function stopTest(flag: string): Promise<void> {
  await answer(flagsApi.test.stop.$post({ ...at(flag), json: {} }));
  await refreshFlag(flag);
}

export async function takeToStage(flag: string, stage: DarkStage): Promise<void> {
  await sendOrAsk((query) => answer(flagsApi.test.stage.$post({ ...at(flag), query, json: { stage } })));
  await refreshFlag(flag);
}

export async function deleteTest(flag: string): Promise<void> {
  await flagsApi.test.$delete(at(flag));
}

/** A client key for the page: public by nature, so it may be kept in this browser to fill snippets with. */
export async function makeClientKey(): Promise<string> {
  const keys = api.projects[":project"].environments[":environment"].keys;
  const { key } = await answer(keys.$post({ param: place(), header: {}, json: { kind: "client", name: "Web page" } }));
  rememberClientKey(key);
  return key;
}

const keyPlace = (): string => `blastdoor-client-key/${place().project}/${place().environment}`;
export function rememberClientKey(key: string): void {
  try {
    localStorage.setItem(keyPlace(), key);
  } catch {
    // Storage is forbidden: then it is typed again.
  }
}
export function rememberedClientKey(): string {
  try {
    return localStorage.getItem(keyPlace()) ?? "";
  } catch {
    return "";
  }
}
