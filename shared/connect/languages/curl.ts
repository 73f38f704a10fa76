import { type Asked, type Platform, reportBody } from "../platform.ts";

/** A text between single quotes of a shell. */
const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

const sent = ({ baseUrl, key }: Asked, path: string): string =>
  `curl -s ${quoted(baseUrl + path)} \\
  -H ${quoted(`Authorization: Bearer ${key}`)} \\
  -H 'Content-Type: application/json'`;

/** What the shell puts between two quoted parts. */
const shell = (command: string): string => `'"${command}"'`;

export const curl: Platform = {
  id: "curl",
  name: "curl",
  keyKind: "server",
  install: null,
  ask: (asked) =>
    `${sent(asked, `/ofrep/v1/evaluate/flags/${encodeURIComponent(asked.flag)}`)} \\
  -d '{"context": {"targetingKey": "user-1"}}'`,
  report: (asked) =>
    `NOW=$(date +%s)000
${sent(asked, "/v1/events")} \\
  -d ${quoted(reportBody(asked, '"%ID%"', "%NOW%"))
    .replaceAll("%ID%", shell("$RANDOM-$NOW"))
    .replaceAll("%NOW%", shell("$NOW"))}`,
};
