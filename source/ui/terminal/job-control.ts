/**
 * Ctrl-Z and `fg`: a program in raw mode has to do itself what the terminal
 * does for others.
 *
 * The terminal is given back before the process stops and taken again after it
 * continues. SIGSTOP can't be caught, so the terminal stays in raw mode; but a
 * shell may change its modes meanwhile, so they are set again after each
 * SIGCONT.
 */
import process from 'node:process';
import {setTimeout as delay} from 'node:timers/promises';
import {useApp} from 'ink';
import {useCallback, useEffect, useRef} from 'react';

/** Gives the terminal back, waits, takes it again and redraws everything. */
export type SuspendTerminal = (
	whileSuspended: () => Promise<void>,
) => Promise<void>;

export type JobControl = {
	/** Ctrl-Z: stops the whole job of the shell, as a terminal would. */
	readonly suspend: () => void;
	readonly stop: () => void;
};

export type StartJobControl = (suspendTerminal: SuspendTerminal) => JobControl;

// The kernel doesn't stop a process that has no shell to continue it.
const notStoppedAfterMs = 250;

const continued = async (): Promise<void> =>
	new Promise(resolve => {
		process.once('SIGCONT', () => {
			resolve();
		});
	});

export const startJobControl: StartJobControl = suspendTerminal => {
	let isSuspended = false;

	const suspendOnce = async (
		whileSuspended: () => Promise<void>,
	): Promise<void> => {
		if (isSuspended) {
			return;
		}

		isSuspended = true;
		try {
			await suspendTerminal(async () => {
				await whileSuspended();
				// A stopped job gets no SIGWINCH if the terminal is resized.
				process.emit('SIGWINCH', 'SIGWINCH');
			});
		} finally {
			isSuspended = false;
		}
	};

	/** @param pid 0 for the whole job, including an npm that started us. */
	const stopProcess = async (pid: number): Promise<void> => {
		// Without a listener the signal has its default effect.
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
		void suspendOnce(async () => stopProcess(process.pid));
	};

	const onContinue = () => {
		void suspendOnce(async () => undefined);
	};

	process.on('SIGTSTP', onStop);
	process.on('SIGCONT', onContinue);
	return {
		suspend() {
			// There is no shell that could continue it.
			if (process.platform === 'win32') {
				return;
			}

			void suspendOnce(async () => stopProcess(0));
		},
		stop() {
			process.off('SIGTSTP', onStop);
			process.off('SIGCONT', onContinue);
		},
	};
};

/**
 * @param onSuspended Called before the terminal is given back, and after.
 * @returns A function that suspends the job, while the screen is mounted.
 */
export const useSuspend = (
	start: StartJobControl,
	onSuspended: (isSuspended: boolean) => void,
): (() => void) => {
	const {suspendTerminal} = useApp();
	const job = useRef<JobControl>(undefined);
	useEffect(() => {
		const started = start(async whileSuspended => {
			onSuspended(true);
			try {
				await suspendTerminal(whileSuspended);
			} finally {
				onSuspended(false);
			}
		});
		job.current = started;
		return started.stop;
	}, [start, suspendTerminal, onSuspended]);
	return useCallback(() => {
		job.current?.suspend();
	}, []);
};
