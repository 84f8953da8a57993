/** What a host is asked before it leaves others behind. */
import type {Company} from '../server/hub.js';

/** @returns The wordings, the longest first; none if nobody is left behind. */
export const farewellTexts = ({others, heirs}: Company): readonly string[] => {
	if (others === 0) {
		return [];
	}

	const [heir] = heirs;
	const fate =
		heir === undefined
			? 'closes for all'
			: `goes over to ${heirs.length === 1 ? heir : 'one of them'}`;
	const count = `${others} ${others === 1 ? 'other is' : 'others are'} connected`;
	return [
		`${count}; the room ${fate}. /quit or Ctrl-C again leaves.`,
		`${count}; the room ${fate}. Ctrl-C again leaves.`,
		`${count}; it ${fate}. Ctrl-C leaves.`,
		`It ${fate}. Ctrl-C leaves.`,
		`${others} ${others === 1 ? 'stays' : 'stay'}. Ctrl-C leaves.`,
		`Leave ${others}? Ctrl-C`,
	];
};
