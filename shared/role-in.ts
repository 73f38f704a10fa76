import { type Grants, ROLES, type Role } from "./schema/admin.ts";

/** The place of what acts in every environment, such as the definition of a flag. */
export const EVERYWHERE = "";

/** What somebody may do: `role` everywhere, unless `grants` say more for the project or for single environments. */
export interface Authority {
  /** With grants: the least of them. A version that does not know of grants goes by this one, and allows too little. */
  role: Role;
  grants?: Grants | undefined;
}

/** The authority that a role and other roles in single environments make. */
export function authorityOf(role: Role, environments: Readonly<Record<string, Role>> = {}): Authority {
  if (Object.keys(environments).length === 0) return { role };
  return { role: leastOf(role, environments).role, grants: { role, environments } };
}

/** The role in an environment; `EVERYWHERE`, the least of all. */
export function roleIn({ role, grants }: Authority, environment: string): Role {
  if (grants === undefined || environment === EVERYWHERE) return role;
  const own = Object.hasOwn(grants.environments, environment) ? grants.environments[environment] : undefined;
  return own ?? grants.role;
}

/** The role where no environment says otherwise. */
export const projectRole = ({ role, grants }: Authority): Role => grants?.role ?? role;

/** The least role, and the environment where it is held; `EVERYWHERE` where it is that of the project. */
export function leastOf(role: Role, environments: Readonly<Record<string, Role>>): { role: Role; environment: string } {
  return Object.entries(environments).reduce(
    (least, [environment, own]) =>
      ROLES.indexOf(own) < ROLES.indexOf(least.role) ? { role: own, environment } : least,
    { role, environment: EVERYWHERE },
  );
}
