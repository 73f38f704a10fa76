import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { basicLogger, init, integrations } from "@launchdarkly/node-server-sdk";

/** OpenFeature's context as LaunchDarkly's provider makes it. */
function contextOf(context) {
  if (context.kind !== "multi")
    return { kind: typeof context.kind === "string" ? context.kind : "user", ...attributesOf(context) };
  const kinds = Object.entries(context).filter(([, one]) => typeof one === "object" && !Array.isArray(one));
  return { kind: "multi", ...Object.fromEntries(kinds.map(([kind, one]) => [kind, attributesOf(one)])) };
}

function attributesOf({ targetingKey, key, kind: _kind, ...others }) {
  const { name, anonymous, ...rest } = others;
  return {
    ...rest,
    ...(typeof name === "string" ? { name } : {}),
    ...(typeof anonymous === "boolean" ? { anonymous } : {}),
    key: targetingKey ?? key,
  };
}

export const attributes = {};
export const flagsOf = (document) => Object.keys(document.flags).map((key) => ({ key }));

export async function open(document) {
  const folder = mkdtempSync(path.join(tmpdir(), "launchdarkly-"));
  const file = path.join(folder, "flags.json");
  writeFileSync(file, JSON.stringify(document));
  const source = new integrations.FileDataSourceFactory({ paths: [file] });
  const client = init("sdk-key", {
    updateProcessor: source.getFactory(),
    sendEvents: false,
    diagnosticOptOut: true,
    logger: basicLogger({ level: "none" }),
  });
  await client.waitForInitialization({ timeout: 10 });
  return {
    async answer(flag, context) {
      return (await client.variation(flag, contextOf(context), null)) ?? undefined;
    },
    close() {
      client.close();
      rmSync(folder, { recursive: true });
    },
  };
}
