/** The transcript as a resource, with a notice when it grows. */
import type {McpServer} from '@modelcontextprotocol/server';
import type {Clock} from '../socket/clock.js';
import {peersNote} from './layout.js';
import type {AgentMember} from './member.js';
import {Reading} from './reading.js';

export const transcriptUri = 'sockchat://transcript';

const newest = 100;

// A notice names no message, so one says as much as ten.
const noticeMs = 500;

export const registerTranscript = (
	server: McpServer,
	member: AgentMember,
): void => {
	server.registerResource(
		'transcript',
		transcriptUri,
		{
			title: 'What was said in the room',
			description: `The newest ${newest} messages, as far as they fit. Reading it marks nothing as read.`,
			mimeType: 'text/plain',
		},
		async () => {
			const {inbox, home} = await member.enter();
			const reading = new Reading(member, inbox, home.id);
			const {blocks, left} = await reading.last(newest, 0, {});
			const cut = left > 0 ? [`(${left} older ones don't fit here)`] : [];
			const text = [peersNote, ...cut, ...blocks].join('\n\n');
			return {
				contents: [{uri: transcriptUri, mimeType: 'text/plain', text}],
			};
		},
	);
};

/** The clients that are notified when the transcript grows. */
export class TranscriptNotices {
	readonly #clock: Clock;
	readonly #notify: () => void;
	#isDue = false;

	constructor(clock: Clock, notify: () => void) {
		this.#clock = clock;
		this.#notify = notify;
	}

	readonly onSaid = (): void => {
		if (this.#isDue) {
			return;
		}

		this.#isDue = true;
		this.#clock.setTimer(() => {
			this.#isDue = false;
			this.#notify();
		}, noticeMs);
	};
}
