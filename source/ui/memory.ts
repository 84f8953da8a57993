/**
 * Keeps the memory of an idle screen small.
 *
 * Loading Ink and compiling Yoga leave some 8 MB of garbage, which V8 keeps
 * until a flood makes it collect; an idle screen would hold it all day. And V8's
 * optimizing compilers take some 10 MB, for their own code and what they leave
 * on the heaps of their threads, to make a screen faster that draws a frame a
 * minute: they rest until there is work.
 */
import process from 'node:process';
import {getHeapStatistics, setFlagsFromString} from 'node:v8';
import {runInNewContext} from 'node:vm';
import {systemClock} from '../socket/clock.js';
import type {Store} from '../store/store.js';

type Collect = (options: {type: 'major'; flavor: 'last-resort'}) => void;

/** Collects all garbage; it takes some 30 ms, so call it when nothing happens. */
export const returnMemory = (): void => {
	setFlagsFromString('--expose-gc --compact-on-every-full-gc');
	const collect = runInNewContext('globalThis.gc') as Collect | undefined;
	collect?.({type: 'major', flavor: 'last-resort'});
	setFlagsFromString('--no-expose-gc --no-compact-on-every-full-gc');
};

/**
 * The same, with the code of all functions that don't run right now. What a start
 * ran once is some 2 MB; what is needed again is compiled again, in a few ms.
 */
const returnStart = (): void => {
	// How many collections a function outlives that isn't called, and a last
	// resort is at least two; 6 is V8's own.
	setFlagsFromString('--bytecode-old-age=1');
	returnMemory();
	setFlagsFromString('--bytecode-old-age=6');
};

const [v8Major] = process.versions.v8.split('.', 1).map(Number);

/**
 * Lets an optimizing compiler rest, or work: Maglev, which stands between the
 * baseline and TurboFan. A flood costs no more CPU with it, and TurboFan's own
 * code would stay, 5 MB; Maglev's is there since Node's loader ran. Node 22 and
 * older don't have it on, so there TurboFan works.
 */
const setOptimizing = (isOn: boolean): void => {
	const working = v8Major! >= 13 ? '--maglev' : '--opt';
	setFlagsFromString(isOn ? working : '--no-opt --no-maglev');
};

/**
 * Leaves WebAssembly, which is Yoga, to V8's baseline compiler, also under a
 * flood: TurboFan, which `--no-opt` keeps from JavaScript alone, comes within
 * some forty frames otherwise and takes 7 MB, and a flood cost as much CPU
 * without it. What Yoga was compiled with before stays, so call this first.
 */
const keepYogaBaseline = (): void => {
	setFlagsFromString('--no-wasm-tier-up --no-wasm-dynamic-tiering');
	// How many calls it takes to compile the way into a function. Node 20 has no
	// such flag, and would say so on the terminal.
	if (v8Major! >= 12) {
		setFlagsFromString('--wasm-wrapper-tiering-budget=1000000000');
	}
};

/** Call it before Ink is loaded, for a screen that `saveMemory` keeps small. */
export const restCompilers = (): void => {
	setOptimizing(false);
	// A function that was compiled by the baseline compiler keeps all its code
	// otherwise, however long it isn't called.
	setFlagsFromString('--flush-baseline-code');
	keepYogaBaseline();
};

/** Milliseconds of CPU that this process has used so far. */
const processCpuMs = (): number => {
	const {user, system} = process.cpuUsage();
	return (user + system) / 1000;
};

// A frame of a flood takes some 10 ms, and one of a heartbeat isn't drawn.
const busyShare = 0.2;
const calmShare = 0.05;
const busyAfterMs = 500;
const calmAfterMs = 10_000;

type Sample = {readonly at: number; readonly cpuMs: number};

const shareOf = (before: Sample, now: Sample): number =>
	(now.cpuMs - before.cpuMs) / (now.at - before.at);

/**
 * Says whether a process works or is idle, by the CPU that it used since an
 * earlier look. It has no timer: whatever happens is an occasion to look.
 */
export const createPace = (onChange: (isBusy: boolean) => void) => {
	let isBusy = false;
	let since: Sample | undefined;
	return (at: number, cpuMs: () => number): void => {
		const afterMs = isBusy ? calmAfterMs : busyAfterMs;
		if (since && at - since.at < afterMs) {
			return;
		}

		const now = {at, cpuMs: cpuMs()};
		const share = since && shareOf(since, now);
		since = now;
		if (
			share !== undefined &&
			(isBusy ? share < calmShare : share > busyShare)
		) {
			isBusy = !isBusy;
			onChange(isBusy);
		}
	};
};

/** How much garbage is worth the 60 ms of CPU that it takes to collect it. */
const worthBytes = 1_000_000;
/** Much less than that is what a minute of rest leaves. */
const worthAtOnceBytes = 2_500_000;
const betweenMs = 180_000;

/**
 * Collects what has come since the last time, once nothing happens: at once
 * after a burst, else every few minutes. V8 lets what an idle screen leaves grow for
 * long, as its small collections take most of it for lasting.
 */
export const createSweep = (collect: () => void, heapBytes: () => number) => {
	let left = 0;
	let sweptAt = 0;
	let since: Sample | undefined;
	/** As a pace, it is asked at whatever happens. */
	return (at: number, cpuMs: () => number): void => {
		if (since && at - since.at < calmAfterMs) {
			return;
		}

		const now = {at, cpuMs: cpuMs()};
		const isCalm = since !== undefined && shareOf(since, now) < calmShare;
		since = now;
		const bytes = heapBytes();
		// V8 collects by itself, too.
		left = Math.min(left, bytes);
		const worth = at - sweptAt < betweenMs ? worthAtOnceBytes : worthBytes;
		if (isCalm && bytes - left > worth) {
			collect();
			left = heapBytes();
			sweptAt = at;
		}
	};
};

const usedBytes = (): number => getHeapStatistics().used_heap_size;

/** By then the screen stands, and what was said before is on it. */
const settledMs = 5000;

/** By then the screen has drawn its first frames. */
const startMs = 1000;

/** Collects garbage, and lets V8 optimize, by what happens. @returns A stop. */
export const saveMemory = (store: Pick<Store, 'subscribe'>): (() => void) => {
	const lookForGarbage = createSweep(returnMemory, usedBytes);
	const cancelReturn = systemClock.setTimer(returnStart, settledMs);
	const startedAt = systemClock.monotonicMs();
	const lookForWork = createPace(setOptimizing);
	const unsubscribe = store.subscribe(() => {
		const at = systemClock.monotonicMs();
		// The start itself is work.
		if (at - startedAt > startMs) {
			lookForWork(at, processCpuMs);
			lookForGarbage(at, processCpuMs);
		}
	});
	return () => {
		cancelReturn();
		unsubscribe();
	};
};
