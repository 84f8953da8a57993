/** What every part of the benchmark is given. */
import type {Contestant} from './contestants.js';

export type Tools = {
	readonly contestants: readonly Contestant[];
	/** The path of the generator. */
	readonly generator: string;
	readonly rounds: number;
	/** How many messages flood the screen. */
	readonly messages: number;
	/** Prints what was just measured. */
	readonly say: (line: string) => void;
};
