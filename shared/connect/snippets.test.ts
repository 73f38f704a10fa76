import { execFileSync } from "node:child_process";
import * as ofrepProvider from "@openfeature/ofrep-provider";
import * as serverSdk from "@openfeature/server-sdk";
import { afterEach, describe, expect, test, vi } from "vitest";
import type { FlagDefinition } from "../schema/flag.ts";
import type { Json } from "../schema/primitives.ts";
import { eventBatch, telemetryEvent } from "../schema/telemetry.ts";
import type { Asked, Platform } from "./platform.ts";
import { askedOf, hiddenFrom, PLATFORMS } from "./snippets.ts";

const PLACE = { baseUrl: "https://flags.example", key: "bds_shop_production_secret" };
const FLAGS: Record<string, [type: FlagDefinition["type"], off: Json, on: Json]> = {
  boolean: ["boolean", false, true],
  string: ["string", 'a "quoted" \\ text', "b"],
  integer: ["number", 3, 5],
  fraction: ["number", 0.5, 2],
  object: ["json", { title: "It's 1 `tick`", list: [1, null, true] }, {}],
};
const askedFor = (name: string, place = PLACE): Asked => {
  const [type, off, on] = FLAGS[name] as (typeof FLAGS)[string];
  return askedOf("new-checkout", { type, variants: { on, off }, offVariant: "off" }, place);
};
const platform = (id: string): Platform => PLATFORMS.find((one) => one.id === id) as Platform;

afterEach(() => void vi.unstubAllGlobals());

/** Runs a module's code as a function, with the modules that it imports given. */
async function run(code: string, modules: Record<string, unknown> = {}, lines: unknown[] = []): Promise<unknown> {
  const body = code
    .replaceAll(/^import \{([^}]*)\} from ("[^"]+");$/gm, "const {$1} = modules[$2];")
    .replace("export default", "return");
  const AsyncFunction = (async () => {}).constructor as new (
    ...parameters: string[]
  ) => (...given: unknown[]) => unknown;
  return new AsyncFunction("modules", "console", body)(modules, { log: (line: unknown) => lines.push(line) });
}

/** Answers every request with this, and keeps what was asked. */
function answering(body: unknown, status = 200): { url: string; auth: string | null; body: Json }[] {
  const asked: { url: string; auth: string | null; body: Json }[] = [];
  vi.stubGlobal("fetch", async (input: RequestInfo, init?: RequestInit) => {
    const request = new Request(input, init);
    asked.push({
      url: request.url,
      auth: request.headers.get("Authorization"),
      body: (await request.json()) as Json,
    });
    return Response.json(body, { status });
  });
  return asked;
}

describe.each(Object.keys(FLAGS))("for a flag that is a %s", (name) => {
  const asked = askedFor(name);
  const evaluation = { key: "new-checkout", value: FLAGS[name]?.[2], variant: "on", reason: "STATIC" };

  test("Node asks for its value with the stock provider, under the address and the key", async () => {
    const requests = answering(evaluation);
    const lines: unknown[] = [];
    const modules = { "@openfeature/server-sdk": serverSdk, "@openfeature/ofrep-provider": ofrepProvider };
    await run(platform("node").ask(asked), modules, lines);
    await serverSdk.OpenFeature.close();
    expect(lines).toEqual([evaluation.value]);
    expect(requests[0]).toMatchObject({
      url: "https://flags.example/ofrep/v1/evaluate/flags/new-checkout",
      auth: `Bearer ${PLACE.key}`,
      body: { context: { targetingKey: "user-1" } },
    });
  });

  test("a Worker answers with its value, and with the default when it is refused", async () => {
    for (const [status, value] of [
      [200, evaluation.value],
      [404, asked.fallback],
    ] as const) {
      answering(status === 200 ? evaluation : { key: "new-checkout", errorCode: "FLAG_NOT_FOUND" }, status);
      const served = (await run(platform("worker").ask(asked))) as { fetch(): Promise<Response> };
      expect(await (await served.fetch()).json()).toEqual(value);
    }
  });

  test.each(["browser", "react"])("%s sets the web provider up and asks with the type's own method", async (id) => {
    const calls: unknown[][] = [];
    class OFREPWebProvider {
      constructor(options: unknown) {
        calls.push(["provider", options]);
      }
    }
    const getter =
      (method: string) =>
      (...given: unknown[]) => {
        calls.push([method, ...given]);
        return given[1];
      };
    const any = new Proxy({}, { get: (_, method) => getter(String(method)) });
    const OpenFeature = {
      setProviderAndWait: async (...given: unknown[]) => calls.push(["set", ...given]),
      setProvider: (...given: unknown[]) => calls.push(["set", ...given]),
      getClient: () => any,
    };
    const sdk = new Proxy({ OpenFeature } as Record<string, unknown>, {
      get: (target, one) => target[String(one)] ?? getter(String(one)),
    });
    const modules = {
      "@openfeature/web-sdk": sdk,
      "@openfeature/react-sdk": sdk,
      "@openfeature/ofrep-web-provider": { OFREPWebProvider },
    };
    // Of React, the component's hook: its markup is no JavaScript.
    const code = platform(id)
      .ask(asked)
      .replace(/return <pre>.*/s, "return value;\n}\nFeature();");
    await run(code, modules);
    const method = { boolean: "Boolean", string: "String", number: "Number", json: "Object" }[asked.type];
    const name = id === "react" ? `use${method}FlagValue` : `get${method}Value`;
    expect(calls[0]?.[1]).toMatchObject({
      baseUrl: PLACE.baseUrl,
      headers: [["Authorization", `Bearer ${PLACE.key}`]],
      cacheMode: "disabled",
    });
    expect(calls.at(-1)).toEqual([name, "new-checkout", asked.fallback]);
  });

  test("curl asks for the same, as a shell reads it", () => {
    const words = shell(platform("curl").ask(asked));
    expect(words).toContain("https://flags.example/ofrep/v1/evaluate/flags/new-checkout");
    expect(words).toContain(`Authorization: Bearer ${PLACE.key}`);
    expect(JSON.parse(words.at(-1) ?? "")).toEqual({ context: { targetingKey: "user-1" } });
  });

  test("every language asks with the method of the type", () => {
    const methods: Record<string, Record<string, string>> = {
      python: {
        boolean: "get_boolean_value",
        string: "get_string_value",
        integer: "get_integer_value",
        fraction: "get_float_value",
        object: "get_object_value",
      },
      go: {
        boolean: "BooleanValue",
        string: "StringValue",
        integer: "FloatValue",
        fraction: "FloatValue",
        object: "ObjectValue",
      },
      java: {
        boolean: "getBooleanValue",
        string: "getStringValue",
        integer: "getIntegerValue",
        fraction: "getDoubleValue",
        object: "getObjectValue",
      },
      dotnet: {
        boolean: "GetBooleanValueAsync",
        string: "GetStringValueAsync",
        integer: "GetDoubleValueAsync",
        fraction: "GetDoubleValueAsync",
        object: "GetObjectValueAsync",
      },
    };
    for (const [id, named] of Object.entries(methods)) {
      const code = platform(id).ask(asked);
      expect(code).toContain(`${named[name]}(`);
      expect(code).toContain('"new-checkout"');
      expect(code).toContain("https://flags.example");
      expect(code).toContain(PLACE.key);
    }
  });
});

/** The words of a curl command as a shell gives them to it. */
function shell(code: string): string[] {
  const script = `curl() { printf '%s\\0' "$@"; }\n${code}`;
  return execFileSync("bash", ["-c", script], { encoding: "utf8" }).split("\0").slice(0, -1);
}

/** Holds a batch to what the route takes: two events of one user, each with an id of its own. */
function expectBatch(batch: unknown): void {
  const { events } = eventBatch.parse(batch);
  const [exposure, outcome] = events.map((event) => telemetryEvent.parse(event));
  expect(exposure).toMatchObject({ type: "exposure", flag: "new-checkout", variant: "on" });
  expect(outcome).toMatchObject({ type: "outcome", metric: "outcome", ok: true, latencyMs: 180 });
  expect(exposure?.id).not.toBe(outcome?.id);
  expect(exposure?.unit).toEqual(outcome?.unit);
}

describe("the first outcome", () => {
  const asked = askedFor("boolean");

  test.each(["browser", "react", "node", "worker"])("of %s is a batch that is taken", async (id) => {
    const requests = answering({ accepted: 2, duplicate: 0, rejected: [] });
    const made = (await run(platform(id).report(asked))) as { fetch?(): Promise<Response> } | undefined;
    await made?.fetch?.();
    expect(requests[0]).toMatchObject({ url: "https://flags.example/v1/events", auth: `Bearer ${PLACE.key}` });
    expectBatch(requests[0]?.body);
  });

  test("of curl is one, too", () => {
    const words = shell(platform("curl").report(asked));
    expect(words).toContain("https://flags.example/v1/events");
    expectBatch(JSON.parse(words.at(-1) ?? ""));
  });

  test.each(["go", "java"])("of %s is one once its parts are filled in", (id) => {
    const [batch = ""] = /\{\s*"batchId"[\s\S]*?\n\s*\]\s*\n\s*\}/.exec(platform(id).report(asked)) ?? [];
    let next = 0;
    const filled = batch.replaceAll("__NOW__", "1764590000000").replaceAll("__ID__", () => `id-${next++}`);
    expectBatch(JSON.parse(filled));
  });
});

test("tabs for each place, of which those of browsers take client keys", () => {
  expect(PLATFORMS.map(({ name }) => name)).toEqual([
    "Browser",
    "React",
    "Node",
    "Worker",
    "Python",
    "Go",
    "Java",
    ".NET",
    "curl",
  ]);
  expect(PLATFORMS.filter(({ keyKind }) => keyKind === "client").map(({ id }) => id)).toEqual(["browser", "react"]);
});

test("a default is the off variant's value, or of its type where there is none", () => {
  const { fallback, variant } = askedOf("f", { type: "string", variants: { a: "x" }, offVariant: null }, PLACE);
  expect([fallback, variant]).toEqual(["", "a"]);
  expect(askedOf("f", { type: "number", variants: { a: 7, b: 8 }, offVariant: "b" }, PLACE)).toMatchObject({
    fallback: 8,
    variant: "a",
  });
});

test("a warning stands where visibility hides the flag from the key", () => {
  expect(hiddenFrom("client", "server-only")).toMatch(/never see/);
  expect(hiddenFrom("client", "targeted")).toMatch(/Only users who are targeted/);
  expect(hiddenFrom("client", "public")).toBeNull();
  for (const visibility of ["server-only", "targeted", "public"] as const)
    expect(hiddenFrom("server", visibility)).toBeNull();
});
