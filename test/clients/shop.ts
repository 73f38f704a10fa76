import { test } from "vitest";
import { PATIENCE_MS } from "../promises.ts";

/** A test whose name is a row of the table in docs/clients.md. */
export const situation = (client: string, name: string, run: () => Promise<void>): void =>
  test(`${client}: ${name}`, run);

type Admin = (method: string, route: string, body?: unknown) => Promise<unknown>;

/** A project with the flag `banner`: "pro" for the plan pro, "basic" for others, "off" when killed. */
export interface BannerShop {
  client: string;
  server: string;
  kill(): Promise<unknown>;
  restore(): Promise<unknown>;
}

export async function makeBanner(admin: Admin, project: string): Promise<BannerShop> {
  const production = `/projects/${project}/environments/production`;
  await admin("PUT", `/projects/${project}`, { environments: ["production"] });
  await admin("PUT", `/projects/${project}/flags/banner`, {
    type: "string",
    variants: { pro: "pro", basic: "basic", off: "off" },
    offVariant: "off",
    visibility: "public",
  });
  await admin("PUT", `${production}/flags/banner`, {
    enabled: true,
    rules: [{ id: "pro", when: { attribute: "plan", op: "equals", values: ["pro"] }, serve: { variant: "pro" } }],
    fallthrough: { variant: "basic" },
  });
  const keyOf = async (kind: string) => ((await admin("POST", `${production}/keys`, { kind, name: kind })) as Key).key;
  return {
    client: await keyOf("client"),
    server: await keyOf("server"),
    kill: () => admin("POST", `${production}/flags/banner/kill`, {}),
    restore: () => admin("POST", `${production}/flags/banner/restore`, {}),
  };
}

interface Key {
  key: string;
}

/** A notice whose refetch failed is repeated after 5 s at first, give or take a fifth. */
export const REPEATED_MS = 6_000 + PATIENCE_MS;
