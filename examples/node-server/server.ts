import { createServer } from "node:http";
import { BlastdoorProvider } from "@blastdoor/server";
import { OpenFeature } from "@openfeature/server-sdk";

// Evaluates in this process: no request for an evaluation, and a kill is heard by push.

const provider = new BlastdoorProvider({
  baseUrl: process.env.BLASTDOOR_URL ?? "http://127.0.0.1:8787",
  // A server key that may read rules.
  key: process.env.BLASTDOOR_KEY ?? "",
});
await OpenFeature.setProviderAndWait(provider).catch((error) => console.warn("starting with the defaults:", error));
const flags = OpenFeature.getClient();

const server = createServer(async (request, response) => {
  const { searchParams } = new URL(request.url ?? "/", "http://shop");
  const context = { targetingKey: searchParams.get("visitor") ?? "nobody", plan: searchParams.get("plan") ?? "free" };
  const isNew = await flags.getBooleanValue("new-checkout", false, context);
  const greeting = await flags.getStringValue("greeting", "Welcome", context);
  response.writeHead(200, { "Content-Type": "application/json" });
  response.end(JSON.stringify({ isNew, greeting }));
});

server.listen(Number(process.env.PORT ?? 3000), "127.0.0.1", () => {
  const address = server.address();
  console.log(`listening on ${typeof address === "object" ? address?.port : address}`);
});

process.on("SIGTERM", async () => {
  // Reports what is still waiting.
  await OpenFeature.close();
  process.exit(0);
});
