/** System calls of a process, as strace -f wrote them. */
export type Call = {
	readonly name: string;
	readonly fd: string;
	/** The lines of the trace in which it began, and in which it returned. */
	readonly from: number;
	to: number;
	readonly text: string;
};

/** Calls of other threads may end lines later. */
export const callsOf = (trace: string): Call[] => {
	const calls: Call[] = [];
	const unfinished = new Map<string, Call>();
	for (const [index, line] of trace.split('\n').entries()) {
		const resumed = /^(\d+) .*<\.\.\. \w+ resumed>/.exec(line);
		if (resumed) {
			const call = unfinished.get(resumed[1]!);
			if (call) {
				call.to = index;
			}

			continue;
		}

		const begun = /^(\d+) .*?\b(\w+)\((\d+)/.exec(line);
		if (!begun) {
			continue;
		}

		const [, thread, name, fd] = begun;
		const to = line.includes('<unfinished ...>') ? Infinity : index;
		const call = {name: name!, fd: fd!, from: index, to, text: line};
		calls.push(call);
		unfinished.set(thread!, call);
	}

	return calls;
};
