import { type Server, startServer } from "../process/server.ts";

/** A shop whose flag `gold-price` is on for users of the plan gold, with a signing key. */
export interface SignedShop extends AsyncDisposable {
  server: Server;
  signer: { id: string; secret: string; audience: string };
  /** A client key that takes so much only signed. */
  clientKey(signing?: object): Promise<string>;
}

export async function openSignedShop(): Promise<SignedShop> {
  const server = await startServer();
  const production = "/projects/shop/environments/production";
  const admin = async (method: string, route: string, body?: unknown) => {
    const response = await server.admin(route, { method, body });
    if (!response.ok) throw new Error(`${method} ${route} answered ${response.status}: ${await response.text()}`);
    return response.status === 204 ? null : response.json();
  };
  await admin("PUT", "/projects/shop", { environments: ["production"] });
  await admin("PUT", "/projects/shop/flags/gold-price", {
    type: "boolean",
    variants: { on: true, off: false },
    offVariant: "off",
    visibility: "public",
  });
  const when = { attribute: "plan", op: "equals", values: ["gold"] };
  await admin("PUT", `${production}/flags/gold-price`, {
    enabled: true,
    rules: [{ id: "gold", when, serve: { variant: "on" } }],
    fallthrough: { variant: "off" },
  });
  return {
    server,
    signer: await admin("POST", `${production}/signing-keys`, { name: "Shop server" }),
    async clientKey(signing) {
      const { id, key } = await admin("POST", `${production}/keys`, { kind: "client", name: "shop" });
      if (signing) await admin("PUT", `${production}/keys/${id}/signing`, signing);
      return key;
    },
    async [Symbol.asyncDispose]() {
      await server.stop();
    },
  };
}
