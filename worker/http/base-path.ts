import type { Env } from "../env.ts";
import { pathStart } from "./path-start.ts";

const SURROUNDING_SLASHES = /^\/+|\/+$/g;

/** Below which path of its host the Worker is reached, as `/flags`; empty at the host's root. */
export function basePath({ BASE_PATH }: Pick<Env, "BASE_PATH">): string {
  if (!BASE_PATH) return "";
  const path = BASE_PATH.replace(SURROUNDING_SLASHES, "");
  return path === "" ? "" : `/${path}`;
}

/** The address without the path that the Worker is mounted under; as it is where a proxy has taken that away. */
export function withoutBasePath(url: string, base: string): string {
  const start = pathStart(url);
  if (base === "" || !url.startsWith(base, start)) return url;
  const rest = url.slice(start + base.length);
  if (rest.startsWith("/")) return url.slice(0, start) + rest;
  return rest === "" || rest.startsWith("?") ? `${url.slice(0, start)}/${rest}` : url;
}
