import { type Slug, storedSlug } from "../../shared/schema/names.ts";

/** A project's key that no other test uses: files share one workerd, and what earlier ones stored. */
export const newName = (): Slug => storedSlug(`shop-${crypto.randomUUID().slice(0, 13)}`);

/** The environment that most tests use. */
export const PRODUCTION = storedSlug("production");

/** Project and environment names as long as they may be. */
export const LONGEST = 40;
export const longestName = (): Slug =>
  storedSlug(`shop-${crypto.randomUUID()}`.padEnd(LONGEST, "x").slice(0, LONGEST).replace(/-$/, "x"));
