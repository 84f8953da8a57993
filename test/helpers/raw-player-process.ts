/** A peer of raw mode in a process of its own, which obeys whoever started it. */
import process from 'node:process';
import {setInterval} from 'node:timers';
import {createScope} from './environment.js';
import {
	connectAsPlayer,
	type Goal,
	type Order,
	type PlayedState,
} from './raw-player.js';

const player = await connectAsPlayer(
	createScope(),
	JSON.parse(process.argv[2]!) as Goal,
);
let orders = 0;
let told = '';
let toldBytes = 0;
const tell = () => {
	const {hasHeardEnd, isClosed, isFlushed} = player;
	const heard = player.heard.slice(toldBytes);
	const state = {hasHeardEnd, isClosed, isFlushed, orders};
	const telling = JSON.stringify(state);
	if (heard !== '' || telling !== told) {
		told = telling;
		toldBytes += heard.length;
		process.send!({...state, heard} satisfies PlayedState);
	}
};

process.on('message', (order: Order) => {
	orders++;
	switch (order.type) {
		case 'say': {
			player.say(order.text);
			break;
		}

		case 'read': {
			player.setReading(order.isReading);
			break;
		}

		case 'end': {
			player.end();
			break;
		}

		case 'reset': {
			player.reset();
			break;
		}
	}
});
process.once('disconnect', () => {
	process.exit();
});
setInterval(tell, 5);
tell();
