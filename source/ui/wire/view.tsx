import {display} from '../../protocol/display.js';
import {viewportOf} from '../pane/window.js';
import {moveAnchor, somewhere, type ViewEntry} from '../view.js';
import {WirePane} from './wire-pane.js';
import {wireView} from './wire-window.js';

export const wire: ViewEntry = {
	name: 'wire',
	isFor: () => true,
	draw: ({area, note, model, views}) => (
		<WirePane
			area={area}
			title={display`wire ${model.where}${note}`}
			wire={model.socket.wire}
			anchor={views.wireAnchor}
			mode={model.mode}
		/>
	),
	scroll({area, model, views}, move) {
		const anchor = views.wireAnchor;
		const context = views.wireContext;
		const viewport = viewportOf(area, somewhere);
		const seen = {wire: model.socket.wire, anchor, context, ...viewport};
		return {wireAnchor: moveAnchor(wireView(seen), move)};
	},
};
