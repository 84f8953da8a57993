import {display} from '../../protocol/display.js';
import {viewportOf} from '../pane/window.js';
import {moveAnchor, anyAnchor, type ViewEntry} from '../view.js';
import {WirePane} from './wire-pane.js';
import {wireView} from './wire-window.js';

export const wire: ViewEntry = {
	name: 'wire',
	isFor: () => true,
	draw: ({area, note, model, viewState}) => (
		<WirePane
			area={area}
			title={display`wire ${model.where}${note}`}
			wire={model.socket.wire}
			anchor={viewState.wireAnchor}
			mode={model.mode}
		/>
	),
	scroll({area, model, viewState}, move) {
		const anchor = viewState.wireAnchor;
		const context = viewState.wireContext;
		const viewport = viewportOf(area, anyAnchor);
		const seen = {wire: model.socket.wire, anchor, context, ...viewport};
		return {wireAnchor: moveAnchor(wireView(seen), move)};
	},
};
