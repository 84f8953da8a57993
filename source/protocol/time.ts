/**
 * The time in a frame: whole milliseconds since 1970, up to the last that a
 * Date can hold. A server's clock may stand before or behind those; its frames
 * then bear the first or the last of them, as a client refuses any other.
 */

/** 13 September 275760 (ECMA-262, Time Values and Time Range). */
const maxFrameTime = 8.64e15;

export const isFrameTime = (value: unknown): boolean =>
	Number.isSafeInteger(value) &&
	(value as number) >= 0 &&
	(value as number) <= maxFrameTime;

export const toFrameTime = (ms: number): number =>
	Math.trunc(Math.min(Math.max(ms, 0), maxFrameTime));
