import { open, seal } from "../../worker/crypto/seal.ts";

const SECRET = "5eed".repeat(16);
const PLACE = { use: "stream-token", project: "shop", environment: "production" } as const;

/** `?bytes=1000&calls=4000&work=seal|open|nothing`: does it so often and answers. Time is taken by who asks. */
export default {
  fetch(request: Request): Response {
    const asked = new URL(request.url).searchParams;
    const [bytes, calls] = [Number(asked.get("bytes")), Number(asked.get("calls"))];
    const work = asked.get("work");
    let done = 0;
    const sealed = work === "open" ? seal(SECRET, PLACE, "x".repeat(bytes)) : "";
    for (let call = 0; call < calls; call++) {
      const text = `${call} `.padEnd(bytes, "x");
      if (work === "seal") done += seal(SECRET, PLACE, text).length;
      else if (work === "open") done += open(SECRET, PLACE, sealed)?.length ?? 0;
      else done += text.length;
    }
    return new Response(String(done));
  },
};
