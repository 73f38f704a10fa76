import type { Json } from "../../schema/primitives.ts";
import type { Platform } from "../platform.ts";

/** JSON as a literal of Python: a string's is the same. */
function literal(value: Json): string {
  if (value === null) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (Array.isArray(value)) return `[${value.map(literal).join(", ")}]`;
  if (typeof value === "object")
    return `{${Object.entries(value)
      .map(([name, one]) => `${JSON.stringify(name)}: ${literal(one)}`)
      .join(", ")}}`;
  return JSON.stringify(value);
}

const GETTERS = { boolean: "boolean", string: "string", number: "float", json: "object" };

export const python: Platform = {
  id: "python",
  name: "Python",
  keyKind: "server",
  install: "pip install openfeature-sdk openfeature-provider-ofrep",
  ask: ({ baseUrl, key, flag, type, fallback, isWhole }) => `from openfeature import api
from openfeature.contrib.provider.ofrep import OFREPProvider
from openfeature.evaluation_context import EvaluationContext

api.set_provider(OFREPProvider(
    ${JSON.stringify(baseUrl)},
    headers_factory=lambda: {"Authorization": ${JSON.stringify(`Bearer ${key}`)}},
))

user = EvaluationContext(targeting_key="user-1")
value = api.get_client().get_${type === "number" && isWhole ? "integer" : GETTERS[type]}_value(${JSON.stringify(flag)}, ${literal(fallback)}, user)
print(value)`,
  report: ({ baseUrl, key, flag, variant }) => `import json, time, urllib.request, uuid

now = int(time.time() * 1000)

def event(**more):
    return {"id": str(uuid.uuid4()), "unit": {"targetingKey": "user-1"}, "time": now, **more}

batch = {
    "batchId": str(uuid.uuid4()),
    "sentAt": now,
    "events": [
        event(type="exposure", flag=${JSON.stringify(flag)}, variant=${JSON.stringify(variant)}),
        event(type="outcome", metric="outcome", ok=True, latencyMs=180),
    ],
}
request = urllib.request.Request(
    ${JSON.stringify(`${baseUrl}/v1/events`)},
    data=json.dumps(batch).encode(),
    headers={"Authorization": ${JSON.stringify(`Bearer ${key}`)}, "Content-Type": "application/json"},
)
print(urllib.request.urlopen(request).read().decode())`,
};
