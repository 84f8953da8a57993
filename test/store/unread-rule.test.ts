/** The unread rule, whatever a reader does while entries come. */
import assert from 'node:assert/strict';
import {env} from 'node:process';
import {test} from 'node:test';
import fc from 'fast-check';
import type {ChatEvent} from '../../source/event/event.js';
import type {Entry} from '../../source/protocol/frame.js';
import {createModel, type Model} from '../../source/store/model.js';
import {unreadBelow} from '../../source/store/reading.js';
import {reduce} from '../../source/store/reduce.js';
import {itemAt} from '../../source/store/transcript.js';
import {messageFrame, welcomeFrame} from '../helpers/scripted.js';

const runs = Number(env['FAST_CHECK_RUNS'] ?? 1000);

type Step =
	| {readonly what: 'look' | 'follow'; readonly is: boolean}
	/** The next entries of the log arrive, in one batch. */
	| {readonly what: 'deliver'; readonly count: number}
	| {
			readonly what:
				| 'say'
				| 'whisper'
				| 'say-own'
				| 'join'
				/** Nothing is lost; the same log goes on, or another begins. */
				| 'reconnect'
				| 'restart'
				/** Comings and goings are hidden, or shown again. */
				| 'quiet';
	  };

const anyStep: fc.Arbitrary<Step> = fc.oneof(
	fc.record({
		what: fc.constantFrom('look' as const, 'follow' as const),
		is: fc.boolean(),
	}),
	fc.record({
		what: fc.constant('deliver' as const),
		count: fc.integer({min: 1, max: 4}),
	}),
	fc.record({
		what: fc.constantFrom(
			'say' as const,
			'say' as const,
			'whisper' as const,
			'say-own' as const,
			'join' as const,
			'reconnect' as const,
			'restart' as const,
			'quiet' as const,
		),
	}),
);

const id = 'ffffffffffffffff';

/** A reader in front of a room, and what they have seen. */
class Sitting {
	model: Model = createModel({
		mode: 'room',
		where: '127.0.0.1:5001',
		id,
		nick: 'otter',
	});

	/** When each text was seen; those of before this run, long ago. */
	readonly seenAt = new Map<string, number>();
	#now = 1000;
	#log = 1;
	#entries: Entry[] = [];
	#delivered = 0;
	#isLooking = true;
	#isFollowing = true;
	/** Up to here the log was there before the reader. */
	#past = 0;
	#seenBefore: number | undefined;
	#isJoined = false;

	constructor(past: number, seenBefore: number | undefined) {
		for (let index = 0; index < past; index++) {
			this.#append('say');
		}

		if (seenBefore !== undefined) {
			const seq = Math.min(seenBefore, past);
			this.#seenBefore = seq;
			this.#take({
				type: 'reading',
				at: this.#now,
				what: {kind: 'seen-before', seen: {log: 'log 1', seq, at: 500}},
			});
		}
	}

	do(step: Step): void {
		this.#now += 10;
		switch (step.what) {
			case 'look': {
				this.#isLooking = step.is;
				this.#attend();
				break;
			}

			case 'follow': {
				this.#isFollowing = step.is;
				this.#attend();
				break;
			}

			case 'deliver': {
				this.#deliver(step.count);
				break;
			}

			case 'say':
			case 'say-own':
			case 'join': {
				this.#append(step.what);
				break;
			}

			case 'whisper': {
				if (this.#isJoined) {
					this.#take({
						type: 'frame',
						at: this.#now,
						frame: {
							type: 'whispered',
							at: this.#now,
							from: 'heron',
							to: 'otter',
							n: this.#now,
							text: `whisper ${this.#now}`,
						},
					});
				}

				break;
			}

			case 'reconnect': {
				this.#welcome();
				break;
			}

			case 'restart': {
				this.#log++;
				this.#entries = [];
				this.#delivered = 0;
				this.#past = 0;
				this.#seenBefore = undefined;
				this.#append('say');
				this.#welcome();
				break;
			}

			case 'quiet': {
				this.#take({
					type: 'hide',
					at: this.#now,
					what: 'quiet',
					nick: undefined,
				});
				break;
			}
		}

		this.#see();
	}

	get items() {
		const {transcript} = this.model;
		return Array.from({length: transcript.length}, (_item, offset) => {
			const index = transcript.first + offset;
			return {index, item: itemAt(transcript, index)!};
		});
	}

	#take(...events: readonly ChatEvent[]): void {
		this.model = reduce(this.model, events);
	}

	#append(what: 'say' | 'say-own' | 'join'): void {
		const seq = this.#entries.length + 1;
		const text = `log ${this.#log}, ${seq}`;
		const at = this.#now;
		if (what === 'join') {
			this.#entries.push({type: 'joined', seq, at, nick: `n${seq}`, id: text});
			return;
		}

		const own = what === 'say-own' && {id, from: 'otter', n: at};
		this.#entries.push(messageFrame(seq, {at, text, ...own}));
		if (own) {
			this.#take({type: 'queued', at, n: at, text, to: undefined});
		}
	}

	#welcome(): void {
		if (!this.#isJoined) {
			this.#past = this.#entries.length;
		}

		this.#isJoined = true;
		this.#take({
			type: 'frame',
			at: this.#now,
			frame: welcomeFrame({
				log: `log ${this.#log}`,
				head: this.#entries.length,
			}),
		});
	}

	#deliver(count: number): void {
		if (!this.#isJoined) {
			this.#welcome();
		}

		const entries = this.#entries.slice(
			this.#delivered,
			this.#delivered + count,
		);
		for (const {seq} of entries) {
			const isOld = seq <= (this.#seenBefore ?? this.#past);
			if (isOld) {
				this.seenAt.set(`log ${this.#log}, ${seq}`, 0);
			}
		}

		this.#delivered += entries.length;
		this.#take(
			...entries.map((frame): ChatEvent => ({
				type: 'frame',
				at: this.#now,
				frame,
			})),
		);
	}

	#attend(): void {
		this.#take({
			type: 'reading',
			at: this.#now,
			what: {
				kind: 'attention',
				attention: {
					isLooking: this.#isLooking,
					isFollowing: this.#isFollowing,
				},
			},
		});
	}

	#see(): void {
		if (!this.#isLooking || !this.#isFollowing) {
			return;
		}

		for (const {item} of this.items) {
			if ('text' in item && !this.seenAt.has(item.text)) {
				this.seenAt.set(item.text, this.#now);
			}
		}
	}
}

test('unread rule: something that was not seen when the reader left is below it', () => {
	fc.assert(
		fc.property(
			fc.nat({max: 6}),
			fc.option(fc.integer({min: 1, max: 6}), {nil: undefined}),
			fc.array(anyStep, {maxLength: 30}),
			(past, seenBefore, steps) => {
				const sitting = new Sitting(past, past > 0 ? seenBefore : undefined);
				for (const step of steps) {
					sitting.do(step);
					const {reading, transcript} = sitting.model;
					const below = unreadBelow(reading, transcript);
					if (below === undefined) {
						continue;
					}

					const unseen = sitting.items.filter(
						({index, item}) =>
							index > below.index &&
							(item.kind === 'message' || item.kind === 'whisper') &&
							item.mark === undefined &&
							(sitting.seenAt.get(item.text) ?? Infinity) > below.rule.at,
					);
					assert.notDeepEqual(unseen, [], JSON.stringify(below));
				}
			},
		),
		{
			numRuns: runs,
			// What was there before one came stays seen when another log begins.
			examples: [
				[
					0,
					undefined,
					[
						{what: 'say'},
						{what: 'look', is: false},
						{what: 'say'},
						{what: 'deliver', count: 2},
						{what: 'restart'},
						{what: 'quiet'},
					],
				],
			],
		},
	);
});
