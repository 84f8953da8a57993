/** What the commands that belong to a screen do in lines. */
import type {RoomHands, ViewName} from '../commands/hands.js';
import type {Options} from '../options/options.js';

export const viewsInLines = (
	chat: {readonly setTap: (isOn: boolean) => void},
	options: Pick<Options, 'events' | 'isWatched'>,
	notice: RoomHands['notice'],
): Pick<RoomHands, 'clear' | 'view'> => {
	let isTapped = options.events?.includes('wire') ?? false;
	return {
		clear() {
			notice('bad', '/clear works only on the screen.');
		},
		view(view: ViewName) {
			if (view === 'wire' && options.isWatched) {
				isTapped = !isTapped;
				chat.setTap(isTapped);
			} else {
				notice(
					'bad',
					`/${view} works only on the screen; --json --events prints the same as events.`,
				);
			}
		},
	};
};
