/** Numbers for people, at widths that don't jump. */

const pad = (value: number): string => String(value).padStart(2, '0');

/** 03:12 below an hour, 01:03:12 above, 2d 01:03 above a day. */
export const formatDuration = (ms: number): string => {
	const seconds = Math.max(0, Math.floor(ms / 1000));
	const minutes = Math.floor(seconds / 60);
	const hours = Math.floor(minutes / 60);
	const days = Math.floor(hours / 24);
	if (days > 0) {
		return `${days}d ${pad(hours % 24)}:${pad(minutes % 60)}`;
	}

	const rest = `${pad(minutes % 60)}:${pad(seconds % 60)}`;
	return hours > 0 ? `${pad(hours)}:${rest}` : rest;
};

const minuteMs = 60_000;

const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

/** Ages, oldest first: true for long, so that they are seldom drawn anew. */
const ages: ReadonlyArray<readonly [ms: number, text: string]> = [
	...[50, 20, 10, 5, 2, 1].map(days => [days * dayMs, `>${days} d`] as const),
	...[10, 5, 2, 1].map(hours => [hours * hourMs, `>${hours} h`] as const),
	...[20, 10, 5, 2, 1].map(
		minutes => [minutes * minuteMs, `>${minutes} min`] as const,
	),
];

/**
 * <1 min, >1 min, >2 min, >5 min, … >1 h, … >1 d: at 7 cells. It stays true until
 * the next change of something else is drawn.
 */
export const formatAge = (ms: number): string =>
	ages.find(([least]) => ms >= least)?.[1] ?? '<1 min';

/** In how many milliseconds an age reads differently. */
export const untilOlderMs = (ms: number): number =>
	(ages.findLast(([least]) => ms < least)?.[0] ?? Infinity) - ms;

const leftStepMs = 10_000;

/** ≤60 s, ≤50 s, …, <10 s: it changes every ten seconds at most. */
export const formatLeft = (ms: number): string =>
	ms <= leftStepMs
		? '<10 s'
		: `≤${Math.ceil(ms / leftStepMs) * (leftStepMs / 1000)} s`;

/** In how many milliseconds a time left reads differently. */
export const untilLessMs = (ms: number): number =>
	ms > leftStepMs ? ms % leftStepMs || leftStepMs : Infinity;

/** 14:02:11.204, by this machine's clock and time zone. */
export const formatTime = (at: number): string => {
	const date = new Date(at);
	// Date's own texts say the time zone's name, and its tables take 0.4 MB.
	const clock = [date.getHours(), date.getMinutes(), date.getSeconds()]
		.map(part => String(part).padStart(2, '0'))
		.join(':');
	return `${clock}.${String(date.getMilliseconds()).padStart(3, '0')}`;
};

/**
 * ≤14:02:11.21 for what had happened by then, as wide as an exact time. A bound
 * may be rounded up, never down.
 */
export const formatBound = (seenAt: number): string =>
	`≤${formatTime(Math.ceil(seenAt / 10) * 10).slice(0, -1)}`;

/** 0.21 ms, 4.3 ms, 87 ms, 1.2 s. */
export const formatMs = (ms: number): string => {
	// Each unit starts where the one before would round up to it.
	if (ms >= 999.5) {
		return `${(ms / 1000).toFixed(1)} s`;
	}

	const digits = ms < 0.995 ? 2 : ms < 9.95 ? 1 : 0;
	return `${ms.toFixed(digits)} ms`;
};

const secondMs = 1000;

/** +31 ms, +1.2 s, +3 min, +2 h: at most 7 cells below 1000 h. */
export const formatSince = (ms: number): string => {
	if (ms < secondMs) {
		return `+${ms} ms`;
	}

	if (ms < minuteMs) {
		// Not +60.0 s.
		return `+${(Math.floor(ms / 100) / 10).toFixed(1)} s`;
	}

	return ms < hourMs
		? `+${Math.floor(ms / minuteMs)} min`
		: `+${Math.floor(ms / hourMs)} h`;
};

const bars = '▁▂▃▄▅▆▇█';

/**
 * The newest values as bars; the highest fills its cell.
 *
 * @param cells How many bars fit.
 */
export const sparkline = (values: readonly number[], cells: number): string => {
	const shown = cells > 0 ? values.slice(-cells) : [];
	const highest = Math.max(...shown);
	return shown
		.map(value => {
			const level = highest > 0 ? value / highest : 0;
			return bars[Math.min(bars.length - 1, Math.floor(level * bars.length))]!;
		})
		.join('');
};
