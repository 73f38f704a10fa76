// A peer in a Worker as small as can be: no routes, no keys, no ETag.
import { mixedFlags } from "../workloads.ts";

/** @param {(flags: import("../workloads.ts").BenchFlag[]) => { context: Function, all: Function, ofrep: Function, order?: string[] }} make */
export function serve(make) {
  const flags = mixedFlags(100);
  const peer = make(flags);
  const keys = peer.order ?? flags.map((flag) => flag.key);
  return {
    async fetch(request, { ANSWERS }) {
      const { context } = await request.json();
      const { targetingKey, ...rest } = context;
      const own = peer.context({ id: targetingKey, ...rest });
      const answer = ANSWERS === "ofrep" ? { flags: peer.ofrep(own) } : namesAndValues(keys, peer.all(own));
      return new Response(JSON.stringify(answer), { headers: { "Content-Type": "application/json" } });
    },
  };
}

function namesAndValues(keys, values) {
  const answer = {};
  for (let index = 0; index < keys.length; index++) answer[keys[index]] = values[index];
  return answer;
}
