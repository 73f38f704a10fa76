import { vercel } from "../peers/vercel.mjs";
import { serve } from "./serve.mjs";

export default serve(vercel);
