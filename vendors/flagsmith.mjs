import { createRequire } from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";

// The engine is a part of the SDK that its package does not export.
const entry = createRequire(import.meta.url).resolve("flagsmith-nodejs");
const build = entry.slice(0, entry.lastIndexOf(`${path.sep}build${path.sep}`) + 7);
const load = (file) => import(pathToFileURL(path.join(build, "esm", "flagsmith-engine", file)).href);
const { getEvaluationResult } = await load("index.js");
const { buildEnvironmentModel } = await load("environments/util.js");
const { getEvaluationContext } = await load("evaluation/evaluationContext/mappers.js");

const isContext = (document) => "features" in document && "environment" in document;

export const attributes = {};
export const flagsOf = (document) =>
  isContext(document)
    ? Object.values(document.features).map(({ name }) => ({ key: name }))
    : document.feature_states.map(({ feature }) => ({ key: feature.name }));

export async function open(document) {
  const engine = isContext(document)
    ? document
    : getEvaluationContext(buildEnvironmentModel(document), undefined, undefined, true);
  const hasValues = new Set();
  const look = ({ name, value, variants }) => {
    const values = [value, ...(variants ?? []).map((one) => one.value)];
    if (values.some((one) => one !== null && one !== undefined && one !== "")) hasValues.add(name);
  };
  Object.values(engine.features).forEach(look);
  for (const { overrides } of Object.values(engine.segments ?? {})) overrides?.forEach(look);
  let last = { context: undefined, flags: undefined };
  const flagsFor = (context) => {
    if (last.context !== context) {
      const { targetingKey, ...traits } = context;
      const { identity: _, ...rest } = engine;
      const asked = targetingKey ? { ...rest, identity: { identifier: targetingKey, traits } } : rest;
      last = { context, flags: getEvaluationResult(asked).flags };
    }
    return last.flags;
  };
  return {
    answer(flag, context) {
      const { enabled, value } = flagsFor(context)[flag];
      if (!hasValues.has(flag)) return enabled;
      return enabled ? (value ?? undefined) : undefined;
    },
    close() {},
  };
}
