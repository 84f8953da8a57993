/**
 * Whether work grows linearly with its input, or quadratically.
 *
 * Two pieces of work are compared on the same machine at the same time, so a slow
 * machine doesn't fail. Eight times the input costs eight times as much if the work
 * is linear, and 64 times if it is quadratic.
 */
import {performance} from 'node:perf_hooks';

type Work = () => unknown;

const factor = 8;
/** Between 8 and 64, by their ratio. */
const worstGrowth = 32;
// A collection of garbage may fall into every run of a small piece of work.
const attempts = 20;
const runs = 3;

/** The shortest of a few runs, in milliseconds. */
const costOf = async (work: Work): Promise<number> => {
	let least = Infinity;
	for (let run = 0; run < runs; run++) {
		const start = performance.now();
		await work();
		least = Math.min(least, performance.now() - start);
	}

	return least;
};

/**
 * @returns How many times as much one piece of work costs as another, if that
 * is more than `worst` however often it is tried; undefined if it isn't.
 */
export const costRatio = async (
	work: Work,
	other: Work,
	worst: number,
): Promise<number | undefined> => {
	let least = Infinity;
	for (let attempt = 0; attempt < attempts; attempt++) {
		least = Math.min(least, (await costOf(work)) / (await costOf(other)));
		if (least < worst) {
			return undefined;
		}
	}

	return least;
};

/**
 * @param prepare Makes an input of the given size; not measured.
 * @returns The growth with eight times the input, if it is faster than that of
 * the input; undefined if it isn't.
 */
export const steepness = async <Input>(
	prepare: (size: number) => Input,
	work: (input: Input) => unknown,
	size: number,
): Promise<number | undefined> => {
	const small = prepare(size);
	const large = prepare(size * factor);
	return costRatio(
		() => work(large),
		() => work(small),
		worstGrowth,
	);
};
