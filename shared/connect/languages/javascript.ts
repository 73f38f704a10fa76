import { type Asked, indented, type Platform, TYPE_NAMES } from "../platform.ts";

const literal = JSON.stringify;

/** A report by fetch, which browsers, Node and Workers all have. */
const reported = ({ baseUrl, key, flag, variant }: Asked): string => `const event = (more) => ({
  id: crypto.randomUUID(),
  unit: { targetingKey: "user-1" },
  time: Date.now(),
  ...more,
});

await fetch(${literal(`${baseUrl}/v1/events`)}, {
  method: "POST",
  headers: { Authorization: ${literal(`Bearer ${key}`)}, "Content-Type": "application/json" },
  body: JSON.stringify({
    batchId: crypto.randomUUID(),
    sentAt: Date.now(),
    events: [
      event({ type: "exposure", flag: ${literal(flag)}, variant: ${literal(variant)} }),
      event({ type: "outcome", metric: "outcome", ok: true, latencyMs: 180 }),
    ],
  }),
});`;

const webProvider = ({ baseUrl, key }: Asked): string => `new OFREPWebProvider({
  baseUrl: ${literal(baseUrl)},
  headers: [["Authorization", ${literal(`Bearer ${key}`)}]],
  cacheMode: "disabled",
  pollInterval: 30_000,
})`;

export const browser: Platform = {
  id: "browser",
  name: "Browser",
  keyKind: "client",
  install: "npm install @openfeature/web-sdk @openfeature/ofrep-web-provider @openfeature/ofrep-core",
  ask: (asked) => `import { OpenFeature } from "@openfeature/web-sdk";
import { OFREPWebProvider } from "@openfeature/ofrep-web-provider";

const provider = ${webProvider(asked)};
await OpenFeature.setProviderAndWait(provider, { targetingKey: "user-1" });

const value = OpenFeature.getClient().get${TYPE_NAMES[asked.type]}Value(${literal(asked.flag)}, ${literal(asked.fallback)});
console.log(value);`,
  report: reported,
};

export const react: Platform = {
  id: "react",
  name: "React",
  keyKind: "client",
  install:
    "npm install @openfeature/react-sdk @openfeature/web-sdk @openfeature/ofrep-web-provider @openfeature/ofrep-core",
  ask: (
    asked,
  ) => `import { OpenFeature, OpenFeatureProvider, use${TYPE_NAMES[asked.type]}FlagValue } from "@openfeature/react-sdk";
import { OFREPWebProvider } from "@openfeature/ofrep-web-provider";

const provider = ${webProvider(asked)};
OpenFeature.setProvider(provider, { targetingKey: "user-1" });

function Feature() {
  const value = use${TYPE_NAMES[asked.type]}FlagValue(${literal(asked.flag)}, ${literal(asked.fallback)});
  return <pre>{JSON.stringify(value)}</pre>;
}

export default function App() {
  return (
    <OpenFeatureProvider>
      <Feature />
    </OpenFeatureProvider>
  );
}`,
  report: reported,
};

export const node: Platform = {
  id: "node",
  name: "Node",
  keyKind: "server",
  install: "npm install @openfeature/server-sdk @openfeature/ofrep-provider @openfeature/ofrep-core",
  ask: ({ baseUrl, key, type, flag, fallback }) => `import { OpenFeature } from "@openfeature/server-sdk";
import { OFREPProvider } from "@openfeature/ofrep-provider";

await OpenFeature.setProviderAndWait(
  new OFREPProvider({
    baseUrl: ${literal(baseUrl)},
    headers: [["Authorization", ${literal(`Bearer ${key}`)}]],
  }),
);

const user = { targetingKey: "user-1" };
const value = await OpenFeature.getClient().get${TYPE_NAMES[type]}Value(${literal(flag)}, ${literal(fallback)}, user);
console.log(value);`,
  report: reported,
};

export const worker: Platform = {
  id: "worker",
  name: "Worker",
  keyKind: "server",
  install: null,
  ask: ({ baseUrl, key, flag, fallback }) => `export default {
  async fetch() {
    const answer = await fetch(${literal(`${baseUrl}/ofrep/v1/evaluate/flags/${encodeURIComponent(flag)}`)}, {
      method: "POST",
      headers: { Authorization: ${literal(`Bearer ${key}`)}, "Content-Type": "application/json" },
      body: JSON.stringify({ context: { targetingKey: "user-1" } }),
    });
    const { value = ${literal(fallback)} } = answer.ok ? await answer.json() : {};
    return Response.json(value);
  },
};`,
  report: (asked) => `export default {
  async fetch() {
    ${indented(reported(asked), "    ")}
    return new Response("reported");
  },
};`,
};
