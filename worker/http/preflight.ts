/** Of a header's name (RFC 9110), and longer than any that is in use. */
const HEADER_NAME = /^[!#$%&'*+.^_`|~\dA-Za-z-]{1,64}$/;
/** Names that are echoed, and characters that are looked at. Pages add a handful: tracing, and headers of their own. */
const MOST_NAMES = 40;
const MOST_CHARS = 2_048;

/**
 * What a preflight says of headers: those that the API reads, and whatever else the page asks to send, which nothing
 * reads. A page that is refused one name loses all its flags, and tracing libraries add names to every request.
 *
 * @param read the names that the API reads
 */
export function allowedHeaders(request: Request, read: string): Record<string, string> {
  return {
    "Access-Control-Allow-Headers": [read, ...askedHeaders(request, read)].join(", "),
    Vary: "Access-Control-Request-Headers",
  };
}

function askedHeaders(request: Request, read: string): string[] {
  const asked = request.headers.get("Access-Control-Request-Headers") ?? "";
  if (asked === "" || asked.length > MOST_CHARS) return [];
  const known = new Set(read.toLowerCase().split(", "));
  const names = asked.split(",").map((name) => name.trim().toLowerCase());
  return [...new Set(names)].filter((name) => HEADER_NAME.test(name) && !known.has(name)).slice(0, MOST_NAMES);
}
