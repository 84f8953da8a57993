/** The tools that every part of the benchmark gets. */
import type {Contestant} from './contestants.js';

export type Tools = {
	readonly contestants: readonly Contestant[];
	/** The path of the generator. */
	readonly generator: string;
	readonly rounds: number;
	/** How many messages flood the screen. */
	readonly messages: number;
	/** Prints the latest measurement. */
	readonly say: (line: string) => void;
};
