/** The store of a chat: its model, from its events. */
import type {ChatEvent} from '../event/event.js';
import type {Model} from './model.js';
import {Published, type StoreClock} from './published.js';
import {reduce} from './reduce.js';

export class Store extends Published<Model, ChatEvent> {
	constructor(model: Model, clock: StoreClock) {
		super(model, clock, reduce);
	}
}
