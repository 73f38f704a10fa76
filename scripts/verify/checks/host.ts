import { type Check, type Finding, met, missed, notReached } from "../check.ts";

export interface HostSeen {
  readonly url: string;
  readonly status: number;
  readonly location: string;
  /** Whether what answered is a Blastdoor. */
  readonly ours: boolean;
}

/** Where the Cache API keeps nothing, every isolate asks the store itself. */
export function judgeHost({ url, status, location, ours }: HostSeen): Finding {
  const { hostname, protocol } = new URL(url);
  if (/cloudflareaccess\.com|\/cdn-cgi\/access\//.test(location))
    return missed("Cloudflare Access stands before the Worker, where the Cache API keeps nothing");
  if (!ours) return missed(`/healthz answered ${status}, and not as Blastdoor does`);
  if (/^(?:localhost|127\.|\[::1\])/.test(hostname)) return notReached(`${hostname}: no host of Cloudflare`);
  if (protocol !== "https:") return missed(`${hostname} is served without TLS`);
  if (hostname.endsWith(".workers.dev"))
    return missed(`${hostname}: on workers.dev the Cache API keeps nothing; add a custom domain to wrangler.toml`);
  return met(hostname);
}

export const check: Check = {
  name: "host",
  promised: "a domain of its own, with TLS, and no Cloudflare Access before it",
  async run(site) {
    const response = await site.fetch("/healthz");
    const text = await response.text();
    const ours = response.status === 200 && /"status":\s*"ok"/.test(text);
    return judgeHost({
      url: site.url,
      status: response.status,
      location: response.headers.get("Location") ?? "",
      ours,
    });
  },
};
