import { signal } from "@preact/signals";

/** Rises when SDK keys were created, rotated or revoked, for other cards that list them. */
export const keysRevision = signal(0);
