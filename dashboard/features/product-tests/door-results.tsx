import { percent, percentDown, percentUp } from "../../../shared/demand/demand.ts";
import type { FakeDoorSettings } from "../../../shared/schema/demand-test.ts";
import type { TestResults } from "../../../shared/schema/test-results.ts";
import { Icon } from "../../ui/icon.tsx";
import { RateChart } from "./rate-chart.tsx";
import { csvAddress } from "./test-store.ts";

type Demand = NonNullable<TestResults["demand"]>;
const TONES = { nobody: "off", open: "part", wanted: "on", unwanted: "killed" } as const;

interface Props {
  flag: string;
  settings: FakeDoorSettings;
  report: Demand;
  /** Events that were not stored. */
  refused: number;
}

/** The answer first, then how sure it is, then what stands behind it. */
export function DoorResults({ flag, settings, report, refused }: Props) {
  const { demand, withSuspicious, suspiciousShare, pending, verdict, sentence } = report;
  return (
    <section class={`card stack door-results tone-${TONES[verdict]}`} aria-labelledby="results">
      <div class="section-head">
        <h2 id="results">Results</h2>
        <a class="button button-small" href={csvAddress(flag)} download>
          <Icon name="down" size={14} /> CSV
        </a>
      </div>
      <p class="decision" role="status">
        {sentence}
      </p>
      {demand.seen > 0 && (
        <>
          <IntervalBar interval={demand.interval} rate={demand.rate ?? 0} bar={settings.bar} />
          <dl class="figures">
            <Figure name="Saw the door" value={demand.seen.toLocaleString("en")} />
            <Figure name="Clicked" value={demand.clicked.toLocaleString("en")} />
            <Figure name="So far" value={percent(demand.rate ?? 0)} />
            {demand.interval.upper === 1 ? (
              <Figure name="Surely at least" value={percentDown(demand.interval.lower)} />
            ) : (
              <Figure
                name="Surely between"
                value={`${percentDown(demand.interval.lower)} and ${percentUp(demand.interval.upper)}`}
              />
            )}
          </dl>
          <p class="muted">
            {pending > 0 &&
              `${pending.toLocaleString("en")} may still click within their ${settings.windowDays} days, so the rate can rise; the upper end is known when their time is over. `}
            The interval holds at 95 % however often you look.
          </p>
          <p class={suspiciousShare > 0.1 ? "note" : "muted"}>
            {suspiciousShare > 0.1 && <Icon name="alert" />}
            <span>
              {`${percent(suspiciousShare)} of those who saw it look suspicious (bots, too many of one network, clicks faster than people) and are not counted. With them it would be at least ${percentDown(withSuspicious.interval.lower)} instead of ${percentDown(demand.interval.lower)}.`}
            </span>
          </p>
          <p class="muted">
            Browsers are counted, not people: somebody with two counts twice unless your server says whose they are, and
            two people on one browser count once.
          </p>
          {refused > 0 && (
            <p class="muted">{`${refused.toLocaleString("en")} events were not stored: this run holds as many browsers as it may.`}</p>
          )}
          {report.overTime.length > 1 && <RateChart days={report.overTime} bar={settings.bar} />}
          <div class="two-columns">
            <Groups name="Country" groups={report.byCountry} />
            <Groups name="Device" groups={report.byDevice} />
          </div>
        </>
      )}
    </section>
  );
}

const Figure = ({ name, value }: { name: string; value: string }) => (
  <div>
    <dt>{name}</dt>
    <dd>{value}</dd>
  </div>
);

/** The interval on a line from nothing to a little beyond, with the bar as a mark. */
function IntervalBar({ interval, rate, bar }: { interval: Demand["demand"]["interval"]; rate: number; bar: number }) {
  const known = interval.upper < 1;
  const end = Math.min(1, Math.max(bar * 2, rate * 1.6, known ? interval.upper * 1.15 : interval.lower * 2.5, 0.001));
  const at = (share: number) => `${Math.min(100, (share * 100) / end)}%`;
  return (
    <figure class="interval">
      <div class="interval-line">
        <span
          class={`interval-range ${known ? "" : "is-open"}`}
          style={{ left: at(interval.lower), right: `calc(100% - ${at(known ? interval.upper : end)})` }}
        />
        <span class="interval-rate" style={{ left: at(rate) }} />
        <span class="interval-bar" style={{ left: at(bar) }}>
          <span>{`bar ${percent(bar)}`}</span>
        </span>
      </div>
      <figcaption class="unseen">
        {`From ${percentDown(interval.lower)} to ${known ? percentUp(interval.upper) : "an end not known yet"}, ${percent(rate)} so far; the bar is ${percent(bar)}.`}
      </figcaption>
    </figure>
  );
}

const MOST_GROUPS = 6;

function Groups({ name, groups }: { name: string; groups: Demand["byCountry"] }) {
  const shown = groups.slice(0, MOST_GROUPS);
  const most = Math.max(0.0001, ...shown.map(({ rate }) => rate));
  return (
    <div class="stack groups">
      <h3>{name}</h3>
      <ul class="bars">
        {shown.map((group) => (
          <li class="bar-row" key={group.name}>
            <span class="clip">{group.name}</span>
            <span class="bar">
              <span style={{ width: `${(group.rate * 100) / most}%` }} />
            </span>
            <span class="bar-figure">
              {percent(group.rate)} <span class="muted">{`of ${group.seen.toLocaleString("en")}`}</span>
            </span>
          </li>
        ))}
      </ul>
      {groups.length > MOST_GROUPS && <p class="hint">{`and ${groups.length - MOST_GROUPS} more in the CSV`}</p>}
    </div>
  );
}
