type Admin = (method: string, route: string, body?: unknown) => Promise<unknown>;

/** The project that the examples ask: `new-checkout` for the plan gold, `greeting` for everybody. */
export interface ExampleShop {
  client: string;
  server: string;
  /** A server key that may read rules. */
  rulesKey(): Promise<string>;
  kill(): Promise<unknown>;
  restore(): Promise<unknown>;
}

export const PRODUCTION = "/projects/shop/environments/production";

export async function makeShop(admin: Admin): Promise<ExampleShop> {
  await admin("PUT", "/projects/shop", { environments: ["production"] });
  await admin("PUT", "/projects/shop/flags/new-checkout", {
    type: "boolean",
    variants: { on: true, off: false },
    offVariant: "off",
    visibility: "public",
  });
  await admin("PUT", `${PRODUCTION}/flags/new-checkout`, {
    enabled: true,
    rules: [{ id: "gold", when: { attribute: "plan", op: "equals", values: ["gold"] }, serve: { variant: "on" } }],
    fallthrough: { variant: "off" },
  });
  await admin("PUT", "/projects/shop/flags/greeting", {
    type: "string",
    // Nothing of a text may become part of a page's markup.
    variants: { sale: "Sale </script><b>&", plain: "Welcome" },
    offVariant: "plain",
    visibility: "public",
  });
  await admin("PUT", `${PRODUCTION}/flags/greeting`, { enabled: true, fallthrough: { variant: "sale" } });
  const newKey = async (body: object) =>
    ((await admin("POST", `${PRODUCTION}/keys`, { name: "example", ...body })) as { key: string }).key;
  return {
    client: await newKey({ kind: "client" }),
    server: await newKey({ kind: "server" }),
    rulesKey: () => newKey({ kind: "server", rules: true }),
    kill: () => admin("POST", `${PRODUCTION}/flags/new-checkout/kill`, {}),
    restore: () => admin("POST", `${PRODUCTION}/flags/new-checkout/restore`, {}),
  };
}

/** What `greeting` says. */
export const GREETING = "Sale </script><b>&";
