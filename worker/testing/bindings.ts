import { env as provided } from "cloudflare:workers";
import type { Env } from "../env.ts";

/** The Worker's own bindings, as the running Worker has them; ADMIN_TOKEN is set for these tests. */
export const env = provided as unknown as Env & { readonly ADMIN_TOKEN: string };
