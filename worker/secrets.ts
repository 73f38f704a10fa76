import { isExampleSecret } from "../shared/weak-secret.ts";

/** The secrets of an installation. */
export type SecretName = "ADMIN_TOKEN" | "BREAK_GLASS_SECRET" | "METRICS_TOKEN" | "KEY_CHECKSUM_SECRET";
type Secrets<Name extends SecretName> = { readonly [N in Name]?: string };

/** A secret of this installation; undefined when it is not set, or has the public value of `.dev.vars.example`. */
export function secretOf<Name extends SecretName>(env: Secrets<Name>, name: Name): string | undefined {
  const value: string | undefined = env[name];
  return value && !isExampleSecret(value) ? value : undefined;
}
