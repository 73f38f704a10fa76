/**
 * For a year browsers ask this host over https only. Over plain http, on one's own machine, they ignore it. The same
 * value stands in dashboard/public/_headers, for what is served without this code.
 */
export const HSTS = "max-age=31536000; includeSubDomains";
