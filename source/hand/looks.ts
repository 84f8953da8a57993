/** How a person wants chunks to be shown, turned on and off by hand. */
import type {HandSwitch} from '../commands/hand-request.js';
import type {Look} from '../event/event.js';

const sentences: Readonly<
	Record<keyof Look, readonly [on: string, off: string]>
> = {
	isPretty: [
		'JSON and HTTP heads are laid out; no byte changes.',
		'Chunks are shown as they are.',
	],
	isTimed: [
		'Times are to the millisecond, then since the chunk before.',
		'Times to the millisecond are off.',
	],
	isOpen: ['All of long chunks is shown.', 'Long chunks are cut short.'],
};

const keys = {
	pretty: 'isPretty',
	times: 'isTimed',
	open: 'isOpen',
} as const;

export type LookSwitch = Exclude<HandSwitch, 'escapes'>;

/**
 * @param onChange Called with what has changed.
 * @returns A function that turns one, or sets it, and says how it is then.
 */
export const createLooks = (
	given: Look,
	onChange: (change: Partial<Look>) => void,
): ((name: LookSwitch, wanted: boolean | undefined) => string) => {
	let look = given;
	return (name, wanted) => {
		const key = keys[name];
		const isOn = wanted ?? !look[key];
		look = {...look, [key]: isOn};
		onChange({[key]: isOn});
		return sentences[key][isOn ? 0 : 1];
	};
};
