import { randomBytes } from "node:crypto";

/** As much of a deployment as it takes to make and delete projects. */
export interface Administration {
  admin<T>(method: string, route: string, body?: unknown): Promise<T>;
  /** @param signal instead of the run's */
  adminAnswer(method: string, route: string, body?: unknown, signal?: AbortSignal): Promise<{ status: number }>;
}

/** A project that lives for one run. */
export interface ThrowAway {
  readonly project: string;
  /** Below /api/v1: the project, and its environment. */
  readonly at: string;
  readonly production: string;
  readonly server: string;
  readonly client: string;
}

export const flagName = (index: number): string => `flag-${String(index).padStart(4, "0")}`;

/** Deleting is tried so often: the deployment may be the one thing that does not work. */
const ATTEMPTS = 5;

/** The projects of one run. */
export class ThrowAways {
  readonly #site: Administration;
  readonly #names = new Set<string>();

  constructor(site: Administration) {
    this.#site = site;
  }

  /** Makes a project whose flags serve `true` to everybody. */
  async make(flags: number): Promise<ThrowAway> {
    const project = `verify-${randomBytes(4).toString("hex")}`;
    const at = `/projects/${project}`;
    const production = `${at}/environments/production`;
    // Known before it is made: whatever ends the run meanwhile, it is deleted.
    this.#names.add(project);
    await this.#site.admin("PUT", at, { name: "npm run verify:deployment", environments: ["production"] });
    await this.#site.admin("POST", `${at}/import`, exported(project, flags));
    const keyOf = (kind: string) =>
      this.#site.admin<{ key: string }>("POST", `${production}/keys`, { kind, name: "verify:deployment" });
    return { project, at, production, server: (await keyOf("server")).key, client: (await keyOf("client")).key };
  }

  /** Deletes them all, also when the run has been stopped. Returns the names of those that are still there. */
  async remove(): Promise<string[]> {
    const gone = await Promise.all([...this.#names].map((project) => this.#removeOne(project)));
    return [...this.#names].filter((_, index) => !gone[index]);
  }

  async #removeOne(project: string): Promise<boolean> {
    for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
      // A signal of its own: the run's may have fired.
      const signal = AbortSignal.timeout(10_000);
      try {
        const { status } = await this.#site.adminAnswer("DELETE", `/projects/${project}`, undefined, signal);
        if (status < 300 || status === 404) return true;
      } catch {
        // Tried again.
      }
      await new Promise((resolve) => setTimeout(resolve, attempt * 200));
    }
    return false;
  }
}

function exported(project: string, flags: number) {
  const keys = Array.from({ length: flags }, (_, index) => flagName(index));
  const flag = {
    type: "boolean",
    purpose: "release",
    variants: { on: true, off: false },
    offVariant: "off",
    visibility: "public",
  };
  return {
    format: "blastdoor-export-1",
    project,
    environments: { production: {} },
    flags: Object.fromEntries(keys.map((key) => [key, flag])),
    states: {
      production: Object.fromEntries(keys.map((key) => [key, { enabled: true, fallthrough: { variant: "on" } }])),
    },
  };
}
