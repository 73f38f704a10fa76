import type { FlagDefinition } from "../schema/flag.ts";
import type { Json } from "../schema/primitives.ts";
import { curl } from "./languages/curl.ts";
import { dotnet } from "./languages/dotnet.ts";
import { go } from "./languages/go.ts";
import { java } from "./languages/java.ts";
import { browser, node, react, worker } from "./languages/javascript.ts";
import { python } from "./languages/python.ts";
import type { Asked, Platform } from "./platform.ts";

/** Where an app may run, in the order of the tabs. */
export const PLATFORMS: readonly Platform[] = [browser, react, node, worker, python, go, java, dotnet, curl];

type Flag = Pick<FlagDefinition, "type" | "variants" | "offVariant">;

const EMPTY: Record<FlagDefinition["type"], Json> = { boolean: false, string: "", number: 0, json: {} };

/** What a snippet needs to know of a flag. */
export function askedOf(
  flag: string,
  { type, variants, offVariant }: Flag,
  place: Pick<Asked, "baseUrl" | "key">,
): Asked {
  const off = offVariant === null ? undefined : variants[offVariant];
  const [variant = offVariant ?? "on"] = Object.keys(variants).filter((name) => name !== offVariant);
  return {
    ...place,
    flag,
    type,
    fallback: off ?? EMPTY[type],
    variant,
    isWhole: Object.values(variants).every((value) => Number.isInteger(value)),
  };
}

/** Why a key of this kind does not see the flag, or not for everybody; null: it does. */
export function hiddenFrom(keyKind: Platform["keyKind"], visibility: FlagDefinition["visibility"]): string | null {
  if (keyKind === "server" || visibility === "public") return null;
  return visibility === "server-only"
    ? "Client keys never see this flag: its client-side availability is server keys only. The code gets its default."
    : "Only users who are targeted see this flag with a client key. Everybody else gets the default of the code.";
}
