import {display, type DisplayText} from '../../protocol/display.js';
import {dayAbove} from '../../store/days.js';
import type {Rule} from '../../store/item.js';
import {tailOf, type Model} from '../../store/model.js';
import {currentHit} from '../../store/search.js';
import {itemAt} from '../../store/transcript.js';
import {unreadBelow} from '../../store/reading.js';
import {olderThan} from '../../store/older-entries.js';
import {scrollViewOf, stickToTop, viewportOf} from '../pane/window.js';
import {contentOf} from '../layout.js';
import {
	moveAnchor,
	anyAnchor,
	type ViewEntry,
	type ViewProps,
} from '../view.js';
import {nickCellsFor, type RowShape} from './nick-column.js';
import type {WrapItem} from './row-cache.js';
import {TranscriptPane} from './transcript-pane.js';

/** How the rows of the transcript look in an area. */
const shapeOf = ({
	area,
	model,
	viewState,
}: Pick<ViewProps, 'area' | 'model' | 'viewState'>): RowShape => ({
	nickCells: nickCellsFor(
		contentOf(area).width,
		viewState.nickColumn.fit(model.transcript, model.pending),
	),
	isPlain: area.frame === 'text',
	look: model.mode === 'raw' ? model.look : undefined,
});

const oldestDay = ({transcript, today}: Model): Rule | undefined =>
	dayAbove(itemAt(transcript, transcript.first), today);

const titleOf = ({roomName, mode, target, where}: Model): DisplayText =>
	target === undefined
		? display`${roomName ?? mode} ${where}`
		: display`proxy ${where} ⇄ ${target}`;

export const chat: ViewEntry = {
	name: 'chat',
	isFor: () => true,
	draw: ({area, model, viewState}) => (
		<TranscriptPane
			area={area}
			title={titleOf(model)}
			transcript={model.transcript}
			pending={tailOf(model)}
			ruleBelow={unreadBelow(model.reading, model.transcript)}
			dayAbove={oldestDay(model)}
			words={model.search?.words}
			currentHit={model.search && currentHit(model.search)}
			anchor={viewState.chatAnchor}
			shape={shapeOf({area, model, viewState})}
		/>
	),
	scroll({area, model, viewState}, move) {
		const {transcript} = model;
		const pending = tailOf(model);
		const ruleBelow = unreadBelow(model.reading, transcript);
		const anchor = viewState.chatAnchor;
		const shape = shapeOf({area, model, viewState});
		const wrap: WrapItem = (item, width) =>
			viewState.wrapChat(item, width, shape);
		const viewport = viewportOf(area, anyAnchor);
		const view = {
			transcript,
			pending,
			ruleBelow,
			dayAbove: oldestDay(model),
			anchor,
			...viewport,
			wrap,
		};
		const chatAnchor =
			move === 'top' && olderThan(model) !== undefined
				? stickToTop(scrollViewOf(view))
				: moveAnchor(view, move);
		return {chatAnchor};
	},
};
