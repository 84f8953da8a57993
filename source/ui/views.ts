/** The views, in the order in which Ctrl-T shows them. */
import {lifecycle} from './lifecycle/view.js';
import {peers} from './peers/view.js';
import {chat} from './transcript/view.js';
import type {ViewEntry, ViewName} from './view.js';
import {wire} from './wire/view.js';

export const viewEntries: Readonly<Record<ViewName, ViewEntry>> = {
	chat,
	wire,
	lifecycle,
	peers,
};
