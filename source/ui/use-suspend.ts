/** Ctrl-Z, for as long as the screen is there. */
import {useApp} from 'ink';
import {useCallback, useEffect, useRef} from 'react';
import type {JobControl, Lend} from './job-control.js';

export type StartJobControl = (lend: Lend) => JobControl;

/** @returns Suspends the job. */
export const useSuspend = (startJobControl: StartJobControl): (() => void) => {
	const {suspendTerminal} = useApp();
	const job = useRef<JobControl>(undefined);
	useEffect(() => {
		const started = startJobControl(suspendTerminal);
		job.current = started;
		return started.stop;
	}, [startJobControl, suspendTerminal]);
	return useCallback(() => {
		job.current?.suspend();
	}, []);
};
