/**
 * Gives memory back that only the start needed.
 *
 * Loading Ink and compiling Yoga leave some 8 MB of garbage, which V8 keeps
 * until a flood makes it collect; an idle screen would hold it all day.
 */
import {setFlagsFromString} from 'node:v8';
import {runInNewContext} from 'node:vm';

type Collect = (options: {type: 'major'; flavor: 'last-resort'}) => void;

/** Collects all garbage; it takes some 30 ms, so call it when nothing happens. */
export const returnMemory = (): void => {
	setFlagsFromString('--expose-gc');
	const collect = runInNewContext('globalThis.gc') as Collect | undefined;
	setFlagsFromString('--no-expose-gc');
	collect?.({type: 'major', flavor: 'last-resort'});
};
