import type { Actor, Grants, Role } from "../../../shared/schema/admin.ts";

/** Who a token or a session speaks for. */
export interface Principal extends Actor {
  /** Other roles than one for all; then `role` is the least of them. */
  grants?: Grants | undefined;
  /** Bound to one project; absent: all. */
  project?: string | undefined;
}

export interface TokenRecord {
  id: string;
  name: string;
  role: Role;
  project?: string;
  /** Other roles, in single environments. */
  environments?: Record<string, Role>;
  createdAt: string;
  createdBy: string;
  expiresAt?: string;
  /** To the minute; null: never, or before that was kept. */
  lastUsedAt?: string | null;
  /** The token that took its place, while it still works. */
  replacedBy?: string;
}

export interface NewToken {
  id: string;
  hash: string;
  name: string;
  /** With grants: the least of them. */
  role: Role;
  grants?: Grants | undefined;
  project?: string | undefined;
  /** Epoch milliseconds; left out: it does not end by itself. */
  expiresAt?: number | null | undefined;
}

/** What takes a token's place. */
export interface NextToken {
  id: string;
  hash: string;
  graceSeconds: number;
  /** Null: it does not end by itself. Left out: the lifetime of the one before, anew. */
  expiresAt?: number | null | undefined;
}

interface Owned {
  id: string;
  who: { id: string; name: string };
  role: Role;
  project?: string;
  /** Other roles, in single environments. */
  environments?: Record<string, Role>;
  createdAt: string;
  /** Unless it is used before, of a session. */
  expiresAt: string;
}

/** A session as its owner and administrators see it: never its hash. */
export interface SessionRecord extends Owned {
  openedWith: "token" | "admin-token" | "link";
  /** The session that made the link with which this one was opened. */
  openedFrom?: string;
  lastUsedAt: string;
  /** Whether it is the one that asks. */
  current: boolean;
}

/** A sign-in link that has not been used. */
export interface SignInLinkRecord extends Owned {
  /** The session that made it. */
  madeIn?: string;
}

/**
 * What a request proved, by hash. The directory resolves it again in the transaction that acts on it, so that a token
 * that is revoked meanwhile, or a session that ends, makes nothing any more.
 */
export type Credential =
  | { readonly token: string }
  | { readonly session: string }
  | { readonly adminToken: string }
  /** A token that an earlier version has seen proved, by its id. */
  | { readonly tokenId: string };

/** A credential, and the fingerprint of the ADMIN_TOKEN that the asking Worker has; null: it has none. */
export interface Caller {
  readonly credential: Credential;
  readonly admin: string | null;
}
