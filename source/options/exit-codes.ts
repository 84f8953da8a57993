/** The exit codes, and what each means. */
export const exitCodes = {done: 0, failed: 1, wrongUsage: 2, late: 3} as const;

export const exitCodeMeanings: ReadonlyArray<
	readonly [code: string, means: string]
> = [
	['0', 'done'],
	['1', 'failed at run time'],
	['2', 'the command line, a variable or the config file is wrong'],
	['3', '--timeout passed'],
	['128+N', 'ended by signal N before all was done'],
];
