/**
 * Moves the model on. Pure: the store hands over all events since the last
 * frame at once, so that a flood costs one step a frame.
 */
import {assertNever} from '../errors.js';
import type {ChatEvent} from '../event/event.js';
import {
	createDraft,
	finishDraft,
	settleItems,
	type Draft,
} from './model-draft.js';
import {keptRtts, type Model} from './model.js';
import {wordsOf} from './notice.js';
import {applyFrame, settle} from './reduce-frame.js';
import {reduceSocketView} from './socket-view.js';
import {clearTranscript, forgetOlder} from './transcript.js';

export const reduce = (model: Model, events: readonly ChatEvent[]): Model => {
	const draft = createDraft(model);
	for (const event of events) {
		apply(draft, event);
	}

	return finishDraft(draft);
};

const apply = (draft: Draft, event: ChatEvent): void => {
	const words = event.type === 'frame' ? undefined : wordsOf(event);
	if (words) {
		draft.items.push({kind: 'notice', at: event.at, ...words});
	}

	switch (event.type) {
		case 'connection': {
			draft.connection = event.connection;
			draft.local = event.local;
			draft.remote = event.remote;
			break;
		}

		case 'frame': {
			applyFrame(draft, event.frame, event.at);
			break;
		}

		case 'queued': {
			const {at, n, text, to} = event;
			const own = {at, n, from: draft.nick, text, mark: 'queued'} as const;
			draft.pending.set(
				n,
				to === undefined
					? {...own, kind: 'message', id: draft.id}
					: {...own, kind: 'whisper', to},
			);
			break;
		}

		case 'sent': {
			const item = draft.pending.get(event.n);
			if (item) {
				draft.pending.set(event.n, {...item, mark: 'sent'});
			}

			break;
		}

		case 'stored': {
			settle(draft, event.n, 'stored');
			break;
		}

		case 'failed': {
			settle(draft, event.n, 'failed', event.error.message);
			break;
		}

		case 'traffic': {
			const {bytesIn, bytesOut, queuedBytes} = event;
			const heardAt =
				bytesIn > draft.traffic.bytesIn ? event.at : draft.traffic.heardAt;
			draft.traffic = {bytesIn, bytesOut, queuedBytes, heardAt};
			break;
		}

		case 'rtt': {
			draft.rtts = [...draft.rtts, event.rttMs].slice(-keptRtts);
			break;
		}

		case 'listening': {
			const {state, place} = event;
			const counts = {
				peers: 0,
				accepted: 0,
				turnedAway: 0,
				bytesIn: 0,
				bytesOut: 0,
			};
			draft.listening = {...counts, ...draft.listening, state, place};
			break;
		}

		case 'accepted':
		case 'ended':
		case 'foreign': {
			applyPeer(draft, event);
			break;
		}

		case 'chunk': {
			const {at, direction, peer, bytes} = event;
			draft.items.push({kind: 'chunk', at, direction, peer, bytes});
			break;
		}

		case 'step':
		case 'kernel':
		case 'peers':
		case 'wire': {
			const before = draft.listening ?? draft.traffic;
			draft.socket = reduceSocketView(draft.socket, event, before);
			break;
		}

		case 'history':
		case 'notice': {
			break;
		}

		case 'clear': {
			settleItems(draft);
			draft.transcript = clearTranscript(draft.transcript);
			break;
		}

		case 'forget-past': {
			draft.transcript = forgetOlder(draft.transcript);
			break;
		}

		default: {
			assertNever(event);
		}
	}
};

const applyPeer = (
	draft: Draft,
	event: Extract<ChatEvent, {type: 'accepted' | 'ended' | 'foreign'}>,
): void => {
	const {listening} = draft;
	if (!listening) {
		return;
	}

	const {peers, accepted, turnedAway, bytesIn, bytesOut} = listening;
	switch (event.type) {
		case 'accepted': {
			const counts = {peers: peers + 1, accepted: accepted + 1};
			draft.listening = {...listening, ...counts};
			break;
		}

		case 'ended': {
			draft.listening = {
				...listening,
				peers: peers - 1,
				bytesIn: bytesIn + event.bytesIn,
				bytesOut: bytesOut + event.bytesOut,
			};
			break;
		}

		case 'foreign': {
			draft.listening = {...listening, turnedAway: turnedAway + 1};
			break;
		}

		default: {
			assertNever(event);
		}
	}
};
