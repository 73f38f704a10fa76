/** What people read of a metric and choose about it. */
export interface MetricWords {
  readonly name: string;
  /** What a guard on it watches for. */
  readonly watches: string;
  /** What a unit did that it counts, as the end of "… of units"; null for a mean, which counts no share. */
  readonly happened: string | null;
  /** Its part in the form that sets up a guard; null where it needs more settings than the form asks for. */
  readonly offer: MetricOffer | null;
  /** The shares in per cent that a plan reckons with: today's, and a harm that a team would want to hear of. */
  readonly harm: { readonly today: number; readonly harmed: number; readonly worse: "more" | "fewer" } | null;
}

export interface MetricOffer {
  readonly label: string;
  readonly hint: string;
  /** The metric's name among those of the guard. */
  readonly metric: string;
  /** It is fed by the goal's events instead of outcomes. */
  readonly isGoal: boolean;
  /** Its usual settings beside those that every metric has. */
  readonly settings: object;
}
