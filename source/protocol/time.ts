/**
 * The time in a frame: whole milliseconds since 1970, up to the last that a
 * Date can hold. If the server's clock is outside this range, its frames carry
 * the nearest limit, as a client refuses any other time.
 */

/** 13 September 275760 (ECMA-262, Time Values and Time Range). */
const maxFrameTime = 8.64e15;

export const isFrameTime = (value: unknown): boolean =>
	Number.isSafeInteger(value) &&
	(value as number) >= 0 &&
	(value as number) <= maxFrameTime;

export const toFrameTime = (ms: number): number =>
	Math.trunc(Math.min(Math.max(ms, 0), maxFrameTime));
