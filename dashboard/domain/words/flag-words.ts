import type { Role } from "../../../shared/schema/admin.ts";
import type { FlagDefinition, Purpose, Visibility } from "../../../shared/schema/flag.ts";

type FlagType = FlagDefinition["type"];

export const PURPOSE_WORDS: Record<Purpose, { name: string; explanation: string; isTest: boolean }> = {
  release: { name: "Release", explanation: "Bring a new feature to people step by step", isTest: false },
  experiment: { name: "Experiment", explanation: "Compare versions and see which works better", isTest: true },
  "fake-door": {
    name: "Fake door",
    explanation: "Offer something that does not exist yet, count who wants it",
    isTest: true,
  },
  "dark-launch": { name: "Dark launch", explanation: "Live in production, seen only by chosen people", isTest: true },
  "wizard-of-oz": {
    name: "Wizard of Oz",
    explanation: "People behind the curtain do what software may do later",
    isTest: true,
  },
  ops: { name: "Operations", explanation: "A lever for emergencies and load", isTest: false },
  config: { name: "Setting", explanation: "A value that changes without a deployment", isTest: false },
};

export const TYPE_WORDS: Record<FlagType, { name: string; explanation: string }> = {
  boolean: { name: "On or off", explanation: "A feature is there or it is not" },
  string: { name: "Text", explanation: "One of several texts, names or colours" },
  number: { name: "Number", explanation: "A price, a limit, a delay" },
  json: { name: "Structured data", explanation: "Several values together, as JSON" },
};

export const VISIBILITY_WORDS: Record<Visibility, { name: string; explanation: string }> = {
  "server-only": { name: "Servers only", explanation: "Browsers and apps never learn that it exists" },
  targeted: { name: "Only who is chosen", explanation: "Browsers of people who get something see it; others do not" },
  public: { name: "Public", explanation: "Any browser may see its name and its value" },
};

export const ROLE_WORDS: Record<Role, { name: string; explanation: string }> = {
  viewer: { name: "Viewer", explanation: "sees everything, changes nothing" },
  marketer: { name: "Marketer", explanation: "runs tests: experiments, fake doors, dark launches, Wizard of Oz" },
  engineer: { name: "Engineer", explanation: "changes every flag, segments and keys" },
  admin: { name: "Administrator", explanation: "also projects, environments and tokens" },
};

/** Other roles than the project's, by the environment's key. */
export type EnvironmentRoles = Readonly<Record<string, Role>>;

/** "Marketer in production, Viewer in staging", to stand beside the role in the project. */
export const environmentRoleWords = (roles: EnvironmentRoles): string =>
  Object.entries(roles)
    .map(([environment, role]) => `${ROLE_WORDS[role].name} in ${environment}`)
    .join(", ");
