/**
 * Ctrl-Z and `fg`: what a terminal does for a program that leaves its keys
 * alone, and that one in raw mode has to do itself.
 *
 * The terminal is given back before the stop and taken again after it. A stop
 * that nobody announced (SIGSTOP) finds the terminal as it was, but a shell may
 * have changed its modes meanwhile: after each SIGCONT they are set anew.
 */
import process from 'node:process';
import {setTimeout as delay} from 'node:timers/promises';

/** Gives the terminal back, waits, and takes it again with all drawn anew. */
export type Lend = (whileLent: () => Promise<void>) => Promise<void>;

// A process that has no shell to wake it is not stopped at all.
const notStoppedAfterMs = 250;

const continued = async (): Promise<void> =>
	new Promise(resolve => {
		process.once('SIGCONT', () => {
			resolve();
		});
	});

export type JobControl = {
	/** Ctrl-Z: stops all that the shell runs as this job, as a terminal would. */
	readonly suspend: () => void;
	readonly stop: () => void;
};

export const startJobControl = (lend: Lend): JobControl => {
	let isLent = false;

	const lendOnce = async (whileLent: () => Promise<void>): Promise<void> => {
		if (isLent) {
			return;
		}

		isLent = true;
		try {
			await lend(async () => {
				await whileLent();
				// It may have another size, of which a stopped job is not told.
				process.emit('SIGWINCH', 'SIGWINCH');
			});
		} finally {
			isLent = false;
		}
	};

	/** @param pid 0 for all of the job, among them an npm that runs us. */
	const stopSelf = async (pid: number): Promise<void> => {
		// Without a listener the signal does what it does by default.
		process.off('SIGTSTP', onStop);
		try {
			const woken = continued();
			process.kill(pid, 'SIGTSTP');
			await Promise.race([woken, delay(notStoppedAfterMs)]);
		} finally {
			process.on('SIGTSTP', onStop);
		}
	};

	const onStop = () => {
		void lendOnce(async () => stopSelf(process.pid));
	};

	const onContinue = () => {
		void lendOnce(async () => undefined);
	};

	process.on('SIGTSTP', onStop);
	process.on('SIGCONT', onContinue);
	return {
		suspend() {
			void lendOnce(async () => stopSelf(0));
		},
		stop() {
			process.off('SIGTSTP', onStop);
			process.off('SIGCONT', onContinue);
		},
	};
};
