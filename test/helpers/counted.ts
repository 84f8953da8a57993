/**
 * Members of a room whose sockets are counters: each write of the server is
 * counted and completes at once, and what a member says arrives in one chunk. So
 * the work of a turn can be counted to the byte, on any machine.
 */
import {Buffer} from 'node:buffer';
import {Socket} from 'node:net';
import {setImmediate as turn} from 'node:timers/promises';
import {Hub} from '../../source/server/hub.js';
import {SocketLink} from '../../source/socket/link.js';
import {Room} from '../../source/room/room.js';
import {FakeClock} from './clock.js';
import {clientNumber} from './members.js';

export class CountedMember extends Socket {
	readonly writes: Buffer[] = [];
	#n = 0;

	/** In one chunk. */
	say(...texts: readonly string[]): void {
		const lines = texts.map(
			text => `${JSON.stringify({type: 'say', n: ++this.#n, text})}\n`,
		);
		this.push(Buffer.from(lines.join('')));
	}

	override _read(): void {
		// Data is pushed.
	}

	override _write(
		bytes: Buffer,
		_encoding: BufferEncoding,
		done: () => void,
	): void {
		if (bytes.length > 0) {
			this.writes.push(bytes);
		}

		done();
	}

	/** Corked writes go out at once. */
	override _writev(
		chunks: ReadonlyArray<{chunk: Buffer | string}>,
		done: () => void,
	): void {
		// A socket leaves encoding to its handle.
		const bytes = chunks.map(({chunk}) => Buffer.from(chunk as string));
		this._write(Buffer.concat(bytes), 'utf8', done);
	}
}

export const openCounted = (isReceiptsOnly = false) => {
	const clock = new FakeClock();
	const room = new Room({logId: () => 'log', maxMembers: 20_000});
	const hub = new Hub({
		room,
		roomName: () => 'counted',
		clock,
		emit: () => undefined,
	});
	const members: CountedMember[] = [];
	/** Waits until what was said is read and passed on. */
	const settle = async () => {
		for (let turns = 0; turns < 4; turns++) {
			await turn();
		}
	};

	const join = async (count: number) => {
		for (let index = 0; index < count; index++) {
			const member = new CountedMember();
			members.push(member);
			const number = members.length;
			const name = `peer ${number}`;
			const link = new SocketLink('tcp', member);
			hub.add(link, {kind: 'memory', name}, {isReceiptsOnly});
			const client = clientNumber(number);
			member.push(
				`${JSON.stringify({type: 'hello', v: 1, client, nick: `m${number}`})}\n`,
			);
		}

		await settle();
	};

	return {
		room,
		members,
		join,
		/** A peer that has said nothing yet. */
		addStranger() {
			const stranger = new CountedMember();
			members.push(stranger);
			hub.add(new SocketLink('tcp', stranger), {
				kind: 'memory',
				name: `peer ${members.length}`,
			});
			return stranger;
		},
		settle,
		forget() {
			for (const {writes} of members) {
				writes.length = 0;
			}
		},
	};
};
