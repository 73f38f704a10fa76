import { Webhook } from "standardwebhooks";
import type { WebhookFormat, WebhookMessage } from "../../../shared/schema/webhook.ts";

/** The headers of Standard Webhooks: every secret in force signs, so that a receiver can follow a rotation. */
export function signedHeaders(
  messageId: string,
  body: string,
  secrets: readonly string[],
  now: number,
): Record<string, string> {
  const signatures = secrets.map((secret) => new Webhook(secret).sign(messageId, new Date(now), body));
  return {
    "Content-Type": "application/json",
    "User-Agent": "Blastdoor-Webhooks/1",
    "webhook-id": messageId,
    "webhook-timestamp": String(Math.floor(now / 1_000)),
    "webhook-signature": signatures.join(" "),
  };
}

/** The body in a webhook's format. `dashboard` is where links lead; "" leaves them out. */
export function bodyOf(message: WebhookMessage, format: WebhookFormat, dashboard: string): string {
  return JSON.stringify(format === "slack" ? slackBody(message, dashboard) : message);
}

const EMOJI: Partial<Record<WebhookMessage["type"], string>> = {
  "flag.killed": ":octagonal_sign:",
  "flag.restored": ":leftwards_arrow_with_hook:",
  "guard.breached": ":rotating_light:",
  "plan.waiting": ":raised_hand:",
  "test.reached-sample": ":checkered_flag:",
  "schedule.failed": ":warning:",
  "budget.warning": ":hourglass_flowing_sand:",
  "drill.failed": ":rotating_light:",
  "key.expiring": ":hourglass_flowing_sand:",
};

/** What Slack treats as markup; the rest of a text is only ever text. */
const escaped = (text: string): string => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

/** Slack's format for incoming webhooks: a fallback text for notifications, and a section with a link. */
function slackBody(message: WebhookMessage, dashboard: string): object {
  const { data } = message;
  const where = data.environment ? ` in *${escaped(data.environment)}*` : "";
  const page = data.flag && dashboard ? `${dashboard}/p/${data.project}/flags/${encodeURIComponent(data.flag)}` : "";
  const link = page && data.environment ? `${page}?env=${data.environment}` : page;
  const flag = escaped(data.flag ?? data.project);
  const named = link ? `<${link}|${flag}>` : `*${flag}*`;
  const others = Math.max(0, data.subjects.length - 1) + data.more;
  const subject = others > 0 ? `${named} and ${others} more` : named;
  const comment = data.comment ? `\n>${escaped(data.comment).replaceAll("\n", "\n>")}` : "";
  const said = `${sentence(message, subject, where)}${comment}`;
  const text = `${EMOJI[message.type] ?? ":triangular_flag_on_post:"} ${said}`;
  return { text, blocks: [{ type: "section", text: { type: "mrkdwn", text: text.slice(0, 3_000) } }] };
}

function sentence({ type, data }: WebhookMessage, subject: string, where: string): string {
  const by = `by ${escaped(data.actor.name)}`;
  switch (type) {
    case "flag.killed":
      return `${subject} was killed${where} ${by}`;
    case "flag.restored":
      return `${subject} was restored${where} ${by}`;
    case "flag.changed":
      return `${subject} was changed${where} ${by}`;
    case "guard.breached":
      return `A guard of ${subject} was breached${where}`;
    case "plan.waiting":
      return `The release plan of ${subject} waits for a person${where}`;
    case "test.reached-sample":
      return `The test of ${subject} has its sample${where}`;
    case "schedule.applied":
      return `A scheduled change of ${subject} was made${where}`;
    case "schedule.failed":
      return `A scheduled change of ${subject} could not be made${where}`;
    case "budget.warning":
      return `The month's budget of ${subject} is running out`;
    case "drill.failed":
      return `The kill drill with ${subject} failed${where}: look at the stop button before you need it`;
    case "key.expiring":
      return `The key *${escaped(data.key?.name ?? "")}* of ${subject} expires at ${data.key?.expiresAt}${where}`;
    case "key.expired":
      return `The key *${escaped(data.key?.name ?? "")}* of ${subject} has expired${where}`;
    case "deployment.rollback-requested": {
      const back = (data.deployments ?? []).flatMap(({ service, version, previous }) =>
        previous === null ? [] : [`${service ? `${service} ` : ""}${version} to ${previous}`],
      );
      const versions = back.length === 0 ? "" : `: ${escaped(back.join(", "))}`;
      return `A guard killed ${subject}${where}, so the deployment should be rolled back${versions}`;
    }
    case "webhook.test":
      return `A test from Blastdoor: this channel hears of the project *${escaped(data.project)}*`;
  }
}
