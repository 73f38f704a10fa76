import { flagd } from "../peers/flagd.mjs";
import { serve } from "./serve.mjs";

// Workers forbid generated code.
export default serve((flags) => flagd("flagd-core", flags, { disableDynamicCodeGeneration: true }));
