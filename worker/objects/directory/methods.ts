import type { Authority } from "../../../shared/role-in.ts";
import type { Actor } from "../../../shared/schema/admin.ts";
import type { SecurityCheck, SecurityDelivery, SecurityRow } from "../../../shared/schema/security-log.ts";
import type { Result } from "../../result.ts";
import type {
  Caller,
  NewToken,
  NextToken,
  Principal,
  SessionRecord,
  SignInLinkRecord,
  TokenRecord,
} from "./directory-records.ts";
import type { SecurityQuery } from "./security-log.ts";
import type { FailureRecord } from "./sign-in-failures.ts";

/** What opens a session. Earlier versions name only the person, of whom a token's id is believed and nothing else. */
export type SignInProof = { codeHash: string } | { principal: Principal; caller?: Caller };

/**
 * What may be asked of the directory, over JSON. Edges and stores of an older version call a newer directory: a method
 * stays, and parameters are added at the end and may be left out.
 */
export interface DirectoryMethods {
  registerProject(key: string, name: string, createdAt: number, deletions?: number | null): void;
  forgetProject(key: string, deletions?: number | null): void;
  listProjects(): { key: string; name: string; createdAt: string }[];

  createToken(token: NewToken, createdBy: string, by?: Actor): Result<TokenRecord>;
  listTokens(): TokenRecord[];
  revokeToken(id: string, by?: Actor): Result<null>;
  rotateToken(id: string, next: NextToken, by: Actor): Result<TokenRecord>;
  setTokenExpiry(id: string, expiresAt: number | null, by: Actor): Result<TokenRecord>;
  setTokenRole(id: string, to: Authority, by: Actor): Result<TokenRecord>;
  principalOfToken(hash: string): Principal | null;

  createSignInCode(hash: string, subject: Principal, caller?: Caller): Result<null>;
  signIn(sessionHash: string, proof: SignInProof, admin?: string | null): Result<Principal & { endsAt: number }>;
  principalOfSession(hash: string, admin?: string | null): Principal | null;
  signOut(hash: string): void;
  /** As earlier versions ask; newer ones ask for `endSessions`. */
  signOutEverywhere(id: string): void;
  listSessions(
    caller: Caller,
    everybody: boolean | null,
  ): Result<{ sessions: SessionRecord[]; links: SignInLinkRecord[] }>;
  endSession(id: string, caller: Caller): Result<null>;
  endSessions(caller: Caller, keepCurrent: boolean): Result<null>;

  secretHashes(): string;
  noteFailures(sent: unknown): void;
  listFailures(): FailureRecord[];

  recordActs(sent: unknown): Result<null>;
  securityPage(query: SecurityQuery): { rows: SecurityRow[]; next: number | null };
  checkSecurityLog(from: { position: number; hash: string } | null, limit: number): SecurityCheck & { done: boolean };
  securityDelivery(): SecurityDelivery | null;
  setSecurityDelivery(url: string, secret: string, by: Actor): void;
  removeSecurityDelivery(by: Actor): boolean;
}
