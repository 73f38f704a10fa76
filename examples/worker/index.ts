import { edgeOf, type FlagsBinding } from "@blastdoor/workers";
import { FlagshipServerProvider } from "@cloudflare/flagship/server";
import { OpenFeature } from "@openfeature/server-sdk";

interface Env {
  FLAGS: FlagsBinding;
}

export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url);
    // Named one by one: what a visitor writes must not become `edge.*`, which Blastdoor takes from this Worker.
    const user = { targetingKey: searchParams.get("visitor") ?? "nobody", plan: searchParams.get("plan") ?? "free" };
    const context = { ...user, ...edgeOf(request) };
    if (pathname === "/openfeature") return Response.json(await viaOpenFeature(env, context));
    // One call for all flags, or one for each: neither leaves the data centre.
    if (pathname === "/all") return Response.json(await env.FLAGS.getAllDetails(context));
    return Response.json({
      isNew: await env.FLAGS.getBooleanValue("new-checkout", false, context),
      greeting: await env.FLAGS.getStringDetails("greeting", "Welcome", context),
    });
  },
};

async function viaOpenFeature(env: Env, context: Record<string, string | number>) {
  await OpenFeature.setProviderAndWait(new FlagshipServerProvider({ binding: env.FLAGS as never }));
  const flags = OpenFeature.getClient();
  return {
    isNew: await flags.getBooleanDetails("new-checkout", false, context),
    greeting: await flags.getStringDetails("greeting", "Welcome", context),
    unknown: await flags.getBooleanDetails("nowhere", true, context),
    mistaken: await flags.getNumberDetails("greeting", 7, context),
  };
}
